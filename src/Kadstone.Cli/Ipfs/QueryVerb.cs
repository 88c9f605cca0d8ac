using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary><c>dht ipfs query</c>: the peers closest to a peer, and on request all that happened on the way.</summary>
internal sealed class QueryVerb : IpfsClientVerb
{
    private readonly Argument<PeerId> _peer = CommonOptions.Argument("PEER", "A peer id, in any of its texts.", IpfsArguments.Peer);
    private readonly Option<bool> _events = new("--events", "-v") { Description = "Every event of the query, instead of the peers at its end." };

    internal QueryVerb(Terminal terminal)
        : base(terminal, "query", "Finds the peers closest to a peer, nearest first.", "dht ipfs query QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ --events -o json")
    {
        Add(_peer);
        Add(_events);
    }

    protected override async Task<int> AskAsync(IpfsDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        bool asEvents = arguments.GetValue(_events);
        int found = 0;
        await foreach (QueryEvent happened in dht.QueryAsync(arguments.GetRequiredValue(_peer), cancellationToken: cancellationToken))
        {
            bool isFound = happened.Type == QueryEventType.FinalPeer;
            found += isFound ? 1 : 0;
            if (asEvents || isFound)
            {
                output.Write(asEvents ? happened.ToString() : happened.Id.ToString(), json =>
                {
                    json.WriteString("id", happened.Id.ToString());
                    if (!asEvents)
                    {
                        return;
                    }

                    json.WriteNumber("type", (int)happened.Type);
                    json.WriteString("extra", happened.Extra);
                    json.WriteStartArray("responses");
                    foreach (PeerInfo peer in happened.Responses)
                    {
                        json.WriteStringValue(peer.Id.ToString());
                    }

                    json.WriteEndArray();
                });
            }
        }

        return found > 0 ? ExitCode.Found : ExitCode.NothingFound;
    }
}
