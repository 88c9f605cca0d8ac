using System.CommandLine;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper unannounce</c>: takes back what was announced with the same options.</summary>
internal sealed class HyperUnannounceVerb : HyperAnnouncingVerb
{
    internal HyperUnannounceVerb(Terminal terminal)
        : base(
            terminal,
            "unannounce",
            "Takes an announce back: with the port, the local address and the key it was made with.",
            "The port that was announced, 1 to 65535.",
            "The key file that signed (--wire v6).",
            "dht hyper unannounce 3031323334353637303132333435363730313233343536373031323334353637 --peer-port 10000 --key me.key",
            "dht hyper unannounce 3031323334353637303132333435363730313233343536373031323334353637 --peer-port 10000 --wire gen1 --private -b 127.0.0.1:10000") =>
        PeerPort.Required = true;

    protected override async Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(wire, arguments, cancellationToken);
        if (wire == RpcWire.V6 && Seed is null)
        {
            throw CommandFailedException.Usage("--key FILE is needed: on today's wire only the key that signed an announce takes it back.");
        }
    }

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        Key256 topic = TopicOf(arguments);
        RpcCommit commit = await dht.UnannounceAsync(topic, AsWhat(arguments), cancellationToken);
        if (commit.Closest.Count == 0)
        {
            Terminal.Complain("dht: no node has such an announce.");
            return ExitCode.NothingFound;
        }

        output.Write($"taken back at {commit.Stored} nodes", json =>
        {
            json.WriteString("topic", topic.ToString());
            json.WriteCommit(commit);
        });
        return HyperOutcomes.Of(commit, null, string.Empty, Terminal);
    }
}
