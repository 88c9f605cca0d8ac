using System.Net;
using Kadstone.Cli.Up;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs.Product.Embedding;

/// <summary>Nodes that ask and serve nobody, with a daemon's API on a port that nobody was told: what a running daemon can answer, without one.</summary>
internal sealed class EmbeddedDaemon : IAsyncDisposable
{
    private readonly KadstoneNode _node;
    private readonly HttpSide _http;

    private EmbeddedDaemon(KadstoneNode node, HttpSide http, DaemonClient client)
    {
        _node = node;
        _http = http;
        Client = client;
    }

    internal DaemonClient Client { get; }

    internal static async Task<EmbeddedDaemon> StartAsync(IReadOnlyList<string> networks, BootstrapPlace[] bootstrap, bool isPrivate, TimeSpan patience, Terminal terminal, CancellationToken cancellationToken)
    {
        using WarningLogger logger = new(terminal);
        KadstoneNode node = await KadstoneNode.CreateAsync(OptionsOf(networks, bootstrap, isPrivate), logger, cancellationToken: cancellationToken);
        HttpSide http = HttpSide.None;
        try
        {
            http = await HttpSide.StartAsync(node, [], logger, cancellationToken);
            await JoinAsync(node, patience, cancellationToken);
            return new EmbeddedDaemon(node, http, new DaemonClient(new Uri($"http://{http.Api}"), http.Token));
        }
        catch
        {
            await http.DisposeAsync();
            await node.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _http.DisposeAsync();
        await _node.DisposeAsync();
    }

    // Who has not joined in time is told by the first step that asks.
    private static async Task JoinAsync(KadstoneNode node, TimeSpan patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(patience);
        try
        {
            await Task.WhenAll(node.Networks.Select(network => network.WaitForNetworkAsync(either.Token)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // As above.
        }
    }

    private static KadstoneOptions OptionsOf(IReadOnlyList<string> networks, BootstrapPlace[] bootstrap, bool isPrivate)
    {
        string[]? At(string network)
        {
            string[] places = [.. bootstrap.Where(place => (place.Network ?? networks[0]) == network).Select(place => place.Address)];
            return places.Length > 0 ? places : bootstrap.Length > 0 || isPrivate || !networks.Contains(network) ? null : [];
        }

        KadstoneOptions options = new() { DataFolder = null, Store = KadstoneStore.Memory, Api = new IPEndPoint(IPAddress.Loopback, 0), Gateway = null };
        AddressScope scope = isPrivate ? AddressScope.Private : AddressScope.Public;
        if (At("mainline") is string[] mainline)
        {
            options.Mainline = new MainlineOptions { Scope = scope, Serving = ServingMode.ReadOnly, Bootstrap = mainline.Length > 0 ? mainline : MainlineOptions.PublicRouters };
        }

        if (At("hyperswarm") is string[] hyperswarm)
        {
            options.Hyperswarm = new HyperDhtOptions { Scope = scope, Ephemeral = true, Port = 0, Bootstrap = hyperswarm.Length > 0 ? hyperswarm : RpcOptions.PublicBootstrap };
        }

        if (At("ipfs") is string[] ipfs)
        {
            options.Ipfs = new IpfsOptions
            {
                Host = new Libp2pOptions { Listen = [] },
                Scope = isPrivate ? KadScope.Both : KadScope.Wan,
                Policy = isPrivate ? AddressPolicy.Any : null,
                Mode = KadMode.Client,
                Bootstrap = ipfs.Length > 0 ? [.. ipfs.Select(Multiaddr.Parse)] : IpfsOptions.PublicBootstrap,
            };
        }

        return options is { Mainline: null, Hyperswarm: null, Ipfs: null }
            ? throw new CommandFailedException(ExitCode.NoNetwork, $"nobody is known to ask; --bootstrap names somebody in {string.Join(" or ", networks)}.")
            : options;
    }
}
