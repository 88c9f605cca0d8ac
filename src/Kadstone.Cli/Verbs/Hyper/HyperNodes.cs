using Kadstone.Hyperswarm;
using Microsoft.Extensions.Logging;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary>What the two wires' nodes have each in its own way.</summary>
internal static class HyperNodes
{
    internal static IHyperDht Create(RpcWire wire, HyperDhtOptions options, ILoggerFactory logger) =>
        wire == RpcWire.Gen1 ? Gen1HyperDht.Create(options, logger) : HyperDht.Create(options, logger);

    /// <returns>How many contacts have answered when the first join is over.</returns>
    internal static Task<int> WaitForNetworkAsync(this IRpcNode node, CancellationToken cancellationToken) => node switch
    {
        RpcNode today => today.WaitForNetworkAsync(cancellationToken),
        Gen1RpcNode first => first.WaitForNetworkAsync(cancellationToken),
        _ => throw new ArgumentException($"{node.GetType().Name} is no node of this network.", nameof(node)),
    };

    /// <summary>Listens, or says in the user's words why it cannot.</summary>
    internal static Task ListenOrExplainAsync(this IRpcNode node, RpcOptions options, string portOption, CancellationToken cancellationToken) => Sockets.OrExplainAsync(
        async () =>
        {
            await node.ListenAsync(null, cancellationToken);
            return node;
        },
        [options.Host],
        options.Port,
        portOption);
}
