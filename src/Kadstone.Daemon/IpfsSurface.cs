using Kadstone.Daemon.Content;
using Kadstone.Daemon.Kubo;
using Kadstone.Daemon.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon;

/// <summary>What a node of the IPFS DHT serves over HTTP: Kubo's RPC on the API, Delegated Routing there and on the gateway.</summary>
internal sealed class IpfsSurface : IDisposable
{
    private readonly RoutingEndpoints _routing;
    private readonly BlockServer? _blockServer;
    private readonly KuboRpc? _rpc;

    public IpfsSurface(IIpfsNode node, IpfsDaemonOptions options, TimeProvider time, ILogger logger, CancellationToken closing)
    {
        _routing = new RoutingEndpoints(node, time, logger, closing);
        if (options.Api is null)
        {
            return;
        }

        BlockShelf blocks = new(options.BlockBytes);
        _blockServer = new BlockServer(node.Network, blocks);
        KeyShelf keys = new(node.Identity, options.KeyFolder);
        node.HoldNameKeys(keys.Of);
        _rpc = new KuboRpc(
            [.. new RoutingCommands(node, blocks).All, .. new NodeCommands(node).All, .. new ContentCommands(blocks).All, .. new NameCommands(node, keys).All],
            options,
            time,
            logger,
            closing);
    }

    public void MapApi(WebApplication application)
    {
        if (_rpc is { } rpc)
        {
            application.Map(KuboRpc.Prefix + "{**command}", rpc.InvokeAsync);
        }

        _routing.Map(application);
    }

    public void MapGateway(WebApplication application) => _routing.Map(application);

    public void Dispose() => _blockServer?.Dispose();
}
