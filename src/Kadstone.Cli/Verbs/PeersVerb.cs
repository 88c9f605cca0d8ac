using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline peers</c>: who takes part in a torrent, one a line as they are found.</summary>
internal sealed class PeersVerb : ClientVerb
{
    private readonly Argument<Topic> _topic = TopicArguments.Create();
    private readonly Option<int?> _count = CommonOptions.Count("peers");

    internal PeersVerb(Terminal terminal)
        : base(
            terminal,
            "peers",
            "Finds the peers of a torrent.",
            "dht mainline peers 2b66980093bc11806fab50cb3cb41835b95a0362",
            "dht mainline peers 'magnet:?xt=urn:btih:2b66980093bc11806fab50cb3cb41835b95a0362' --count 10",
            "dht mainline peers 2b66980093bc11806fab50cb3cb41835b95a0362 --private --bootstrap 127.77.1.1:6881 -o json")
    {
        Add(_topic);
        Add(_count);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int most = arguments.GetValue(_count) ?? int.MaxValue;
        HashSet<UdpEndpoint> found = [];
        foreach (Key160 infoHash in await TopicArguments.ResolveAsync(dht, arguments.GetRequiredValue(_topic), cancellationToken))
        {
            await foreach (UdpEndpoint peer in dht.GetPeersAsync(infoHash).WithCancellation(cancellationToken))
            {
                if (found.Add(peer))
                {
                    output.Write($"{peer}", json =>
                    {
                        json.WriteString("infohash", infoHash.ToString());
                        json.WriteString("peer", peer.ToString());
                        json.WriteString("ip", peer.ToIPAddress().ToString());
                        json.WriteNumber("port", peer.Port);
                    });
                }

                if (found.Count == most)
                {
                    return ExitCode.Found;
                }
            }
        }

        return Outcomes.Of(found.Count, arguments.GetValue(_count), "peer", Terminal);
    }
}
