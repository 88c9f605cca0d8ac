using System.CommandLine;
using Kadstone.Hyperswarm;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper bootstrap</c>: the node through which others join a network of their own.</summary>
internal sealed class HyperBootstrapVerb : HyperServerVerb
{
    internal HyperBootstrapVerb(Terminal terminal)
        : base(
            terminal,
            "bootstrap",
            "Runs a node through which others join, until Ctrl-C or SIGTERM.",
            "none, a network begins here",
            "dht hyper bootstrap --port=10000 --host 192.168.1.10 --private",
            "dht hyper bootstrap --port=10000 --wire gen1 --private")
    {
    }

    // The public network has its own: who runs this begins another.
    protected override IReadOnlyList<string> PublicBootstrap(RpcWire wire) => [];

    protected override HyperDhtOptions Complete(HyperDhtOptions options, ParseResult arguments) => options with { IsReachableAssumed = true };

    // The first generation's keeps nothing for anybody: its traffic is not told.
    protected override (IRpcNode Node, IHyperDht? Dht) Create(RpcWire wire, HyperDhtOptions options, WarningLogger logger) => wire == RpcWire.Gen1
        ? (Gen1RpcNode.CreateBootstrapper(options.Port, options with { IsReachableAssumed = false }, logger), null)
        : base.Create(wire, options, logger);
}
