using System.Net;
using Kadstone.Daemon.Http;
using Kadstone.Daemon.Page;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.V1;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon;

/// <summary>The nodes of a process for other programs and people: the page, <c>/v1</c>, metrics and health, with IPFS Kubo's RPC and Delegated Routing, over HTTP.</summary>
/// <example>
/// <code>
/// await using KadstoneNode node = await KadstoneNode.CreateAsync(options);
/// await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node);
/// Console.WriteLine($"http://{daemon.Api}/v1/status");
/// </code>
/// </example>
/// <remarks>The API is for this machine's own programs and keeps web pages of others out; the gateway is for everybody. docs/http-api.md has every route.</remarks>
public sealed class KadstoneDaemon : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly List<WebListener> _listeners = [];
    private readonly List<DaemonNetwork> _networks = [];
    private readonly List<IAsyncDisposable> _loops = [];
    private readonly List<IDisposable> _desks = [];
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task? _disposal;

    private KadstoneDaemon(ILoggerFactory loggers)
    {
        _loggers = loggers;
        _logger = loggers.CreateLogger("Kadstone.Daemon");
    }

    /// <summary>Where the API listens; null when it does not.</summary>
    public IPEndPoint? Api { get; private set; }

    /// <summary>Where the gateway listens; null when it does not.</summary>
    public IPEndPoint? Gateway { get; private set; }

    /// <summary>Opens the listeners over the nodes, which stay the caller's: they are disposed after the daemon. What was kept published goes on.</summary>
    /// <param name="node">The nodes.</param>
    /// <param name="options">Where to listen; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the API would be open to a network without a token.</exception>
    /// <exception cref="IOException">A listener cannot be bound, or the key folder cannot be read.</exception>
    public static Task<KadstoneDaemon> StartAsync(
        KadstoneNode node,
        KadstoneDaemonOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        NodeParts parts = new()
        {
            Mainline = node.Mainline,
            Hyperswarm = node.Hyperswarm,
            Ipfs = node.Ipfs,
            IpfsOptions = node.IpfsOptions,
            Store = node.Store,
            StoreKind = node.StoreName,
            Profile = node.Profile.ToString().ToLowerInvariant(),
            StartedAt = node.StartedAt,
            PacketBudget = node.PacketBudget,
            BudgetPauses = () => node.BudgetPauses,
            PacketsLastSecond = () => node.PacketsLastSecond,
            MainlineSeed = node.Identity.MainlineSeed,
            HyperswarmSeed = node.Identity.HyperswarmSeed,
        };
        return StartAsync(parts, options ?? new KadstoneDaemonOptions(), loggerFactory, timeProvider, cancellationToken);
    }

    internal static async Task<KadstoneDaemon> StartAsync(NodeParts parts, KadstoneDaemonOptions options, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        options.ToIpfs().Validate();
        KadstoneDaemon daemon = new(loggerFactory ?? NullLoggerFactory.Instance);
        try
        {
            await daemon.ListenAsync(parts, options, timeProvider ?? TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends what is under way and closes the listeners. The nodes go on. May be called twice.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeOnceAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task DisposeOnceAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        await _closing.CancelAsync().ConfigureAwait(false);
        foreach (IAsyncDisposable closed in (IEnumerable<IAsyncDisposable>)[.. _listeners, .. _loops])
        {
            await closed.DisposeAsync().ConfigureAwait(false);
        }

        _networks.ForEach(network => network.Leave());
        _desks.ForEach(desk => desk.Dispose());
        _closing.Dispose();
    }

    private async Task ListenAsync(NodeParts parts, KadstoneDaemonOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        LookupLog lookups = new(time);
        _networks.AddRange(NetworksOf(parts, lookups));
        Dictionary<string, DaemonNetwork> byName = _networks.ToDictionary(network => network.Name);
        RecordDesk records = Kept(new RecordDesk(parts.Store, time));
        SilenceWatch silence = new(_networks, time);
        StatusDesk status = Kept(new StatusDesk(parts, _networks, lookups, records, () => options.Devnet, silence, time));
        HealthDesk health = Kept(new HealthDesk(_networks, status, time));
        EventHub events = new(status, lookups, time, _logger);
        _loops.Add(events);
        _loops.Add(silence);
        PkarrRelay? pkarr = parts.Mainline is { } mainline && options.Gateway is not null
            ? await PkarrRelay.StartAsync(mainline, new PkarrRelayOptions { Store = parts.Store }, _loggers, time, cancellationToken).ConfigureAwait(false)
            : null;
        if (pkarr is not null)
        {
            _loops.Add(pkarr);
        }

        PublicationDesk publications = new(parts.Store, byName, pkarr, time, _logger);
        _loops.Add(publications);
        IpfsSurface? ipfs = parts is { Ipfs: { } dht, IpfsOptions: { } ipfsOptions }
            ? Kept(new IpfsSurface(new DhtNode(dht, ipfsOptions, hasRouting: true), options.ToIpfs(), time, _logger, _closing.Token))
            : null;
        PrometheusText metrics = Kept(new PrometheusText());
        V1Api api = new(byName, status, records, lookups, events, publications, health, metrics, options, time, _logger, _closing.Token);
        await publications.StartAsync(cancellationToken).ConfigureAwait(false);
        events.Start();
        if (options.Api is not null)
        {
            ApiGuard guard = new(options.ToIpfs());
            Api = await OpenAsync("the API", options.Api, application => MapApi(application, guard, api, ipfs), cancellationToken).ConfigureAwait(false);
        }

        if (options.Gateway is not null)
        {
            GatewayGuard guard = Kept(new GatewayGuard(options.GatewayBurst));
            Gateway = await OpenAsync("the gateway", options.Gateway, application => MapGateway(application, guard, ipfs, pkarr), cancellationToken).ConfigureAwait(false);
        }
    }

    private IEnumerable<DaemonNetwork> NetworksOf(NodeParts parts, LookupLog lookups)
    {
        if (parts.Mainline is { } mainline)
        {
            yield return new MainlineNetwork(mainline, parts.MainlineSeed, lookups, _closing.Token);
        }

        if (parts.Hyperswarm is { } hyperswarm)
        {
            yield return new HyperswarmNetwork(hyperswarm, parts.HyperswarmSeed, lookups, _closing.Token);
        }

        if (parts is { Ipfs: { } ipfs, IpfsOptions: { } options })
        {
            yield return new IpfsNetwork(ipfs, options, lookups);
        }
    }

    private T Kept<T>(T desk)
        where T : IDisposable
    {
        _desks.Add(desk);
        return desk;
    }

    private static void MapApi(WebApplication application, ApiGuard guard, V1Api api, IpfsSurface? ipfs)
    {
        PageFiles page = new();
        application.Use(next => context => page.InvokeAsync(context, next));
        application.Use(next => context => guard.InvokeAsync(context, next));
        application.UseRouting();
        api.Map(application);
        ipfs?.MapApi(application);
        application.MapFallback("{**path}", api.RefuseUnknownAsync);
    }

    private static void MapGateway(WebApplication application, GatewayGuard guard, IpfsSurface? ipfs, PkarrRelay? pkarr)
    {
        application.Use(next => context => guard.InvokeAsync(context, next));
        application.UseRouting();
        ipfs?.MapGateway(application);
        pkarr?.Map(application);
        application.MapFallback(context => PlainText.AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found"));
    }

    private async Task<IPEndPoint> OpenAsync(string surface, IPEndPoint endpoint, Action<WebApplication> map, CancellationToken cancellationToken)
    {
        WebListener listener = await WebListener.StartAsync(endpoint, _loggers, map, cancellationToken).ConfigureAwait(false);
        _listeners.Add(listener);
        DaemonLog.Listening(_logger, surface, listener.Endpoint);
        return listener.Endpoint;
    }
}
