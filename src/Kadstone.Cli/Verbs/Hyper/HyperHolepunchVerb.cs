using System.CommandLine;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper holepunch</c>: opens the way to a node behind a NAT, with the help of one that knows it.</summary>
internal sealed class HyperHolepunchVerb : HyperClientVerb
{
    private readonly Argument<string> _node = CommonOptions.Argument("HOST:PORT", "The node to reach.", Endpoints.HostAndPort);

    private readonly Option<string> _referrer =
        CommonOptions.Create("--referrer", "HOST:PORT", "The node that named it in a lookup, and passes our wish on.", Endpoints.HostAndPort);

    internal HyperHolepunchVerb(Terminal terminal)
        : base(
            terminal,
            "holepunch",
            "Opens the way to a node behind a NAT, on the wire of the first generation.",
            "dht hyper holepunch 203.0.113.7:4321 --referrer 198.51.100.2:49737 --wire gen1")
    {
        Add(_node);
        Add(_referrer);
        _referrer.Required = true;
    }

    protected override bool AsksNamedNodesOnly(ParseResult arguments) => true;

    protected override Task PrepareAsync(RpcWire wire, ParseResult arguments, CancellationToken cancellationToken) => wire == RpcWire.Gen1
        ? Task.CompletedTask
        : throw CommandFailedException.Usage("--wire v6 has no holepunch of its own: there two peers arrange it inside an encrypted handshake; --wire gen1 is needed.");

    protected override async Task<int> AskAsync(IHyperDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        UdpEndpoint reached = await WithinTimeoutAsync(
            arguments,
            async token =>
            {
                UdpEndpoint node = await Names.ResolveAsync(arguments.GetRequiredValue(_node), [AddressFamily.InterNetwork], token);
                UdpEndpoint referrer = await Names.ResolveAsync(arguments.GetRequiredValue(_referrer), [AddressFamily.InterNetwork], token);
                await dht.Node.HolepunchAsync(node, referrer, token);
                return node;
            },
            "The hole punching",
            cancellationToken);
        output.Write($"reached {reached}", json => json.WriteString("reached", reached.ToString()));
        return ExitCode.Found;
    }
}
