using System.CommandLine;
using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper lookup</c>: who is there under a topic.</summary>
internal sealed class HyperLookupVerb : HyperClientVerb
{
    private readonly Argument<Key256?> _topic = HyperOptions.Topic();
    private readonly Option<int?> _count = CommonOptions.Count("peers");
    private readonly Option<IPEndPoint?> _local = HyperOptions.LocalAddress();

    internal HyperLookupVerb(Terminal terminal)
        : base(
            terminal,
            "lookup",
            "Finds the peers of a topic, each once, as they come in.",
            "dht hyper lookup 3031323334353637303132333435363730313233343536373031323334353637",
            "dht hyper lookup 3031323334353637303132333435363730313233343536373031323334353637 --count 1 -o json",
            "dht hyper lookup 3031323334353637303132333435363730313233343536373031323334353637 --wire gen1 --private -b 127.0.0.1:10000")
    {
        Add(_topic);
        Add(_count);
        Add(_local);
    }

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        Key256 topic = arguments.GetRequiredValue(_topic) ?? default;
        int? count = arguments.GetValue(_count);
        HashSet<string> told = [];
        await foreach (PeersFound found in dht.LookupAsync(topic, new AnnounceOptions { LocalAddress = arguments.GetValue(_local) }, cancellationToken))
        {
            foreach (HyperRecord record in found.Records)
            {
                if (told.Count < (count ?? int.MaxValue) && told.Add(Convert.ToHexStringLower(record.PublicKey.Span)))
                {
                    Tell(topic, record, output);
                }
            }

            // Today's wire tells who: their addresses are in the records.
            foreach ((IPEndPoint peer, bool isLocal) in found.Records.Count > 0 ? [] : found.LocalPeers.Select(peer => (peer, true)).Concat(found.Peers.Select(peer => (peer, false))))
            {
                if (told.Count < (count ?? int.MaxValue) && told.Add(peer.ToString()))
                {
                    Tell(topic, peer, isLocal, output);
                }
            }

            if (told.Count >= count)
            {
                break;
            }
        }

        return Outcomes.Of(told.Count, count, "peer", Terminal);
    }

    private static void Tell(Key256 topic, HyperRecord record, Output output)
    {
        string publicKey = Convert.ToHexStringLower(record.PublicKey.Span);
        output.Write(string.Join(' ', record.RelayAddresses.Select(relay => relay.ToString()).Prepend(publicKey)), json =>
        {
            json.WriteString("topic", topic.ToString());
            json.WriteString("public_key", publicKey);
            json.WriteStartArray("relays");
            foreach (Datagrams.UdpEndpoint relay in record.RelayAddresses)
            {
                json.WriteStringValue(relay.ToString());
            }

            json.WriteEndArray();
        });
    }

    private static void Tell(Key256 topic, IPEndPoint peer, bool isLocal, Output output) => output.Write(peer.ToString(), json =>
    {
        json.WriteString("topic", topic.ToString());
        json.WriteString("peer", peer.ToString());
        json.WriteString("ip", peer.Address.ToString());
        json.WriteNumber("port", peer.Port);
        json.WriteBoolean("local", isLocal);
    });
}
