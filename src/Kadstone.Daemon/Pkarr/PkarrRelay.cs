using System.Net;
using Kadstone.Crypto;
using Kadstone.Daemon.Http;
using Kadstone.Mainline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Pkarr;

/// <summary>A pkarr relay: DNS records that the owner of a key signed, for those who have HTTP and no UDP.</summary>
/// <example>
/// <code>
/// await using PkarrRelay relay = await PkarrRelay.StartAsync(dht, new PkarrRelayOptions { Endpoint = new IPEndPoint(IPAddress.Any, 6881) });
/// </code>
/// </example>
/// <remarks>
/// <c>GET</c> and <c>PUT /KEY</c> as relays of pkarr 7 have them. What a client puts is stored in the DHT at once, and again each hour.
/// </remarks>
public sealed class PkarrRelay : IAsyncDisposable
{
    private const int MaxLookups = 256;

    private readonly CancellationTokenSource _closing = new();
    private readonly PacketCache _cache;
    private readonly PkarrLookups _lookups;
    private readonly PacketKeeper _keeper;
    private readonly HostQuota _quota;
    private readonly GatewayGuard _guard;
    private readonly PkarrEndpoints _endpoints;
    private WebListener? _listener;

    private PkarrRelay(IPkarrNetwork network, PkarrRelayOptions options, ILogger logger, TimeProvider time)
    {
        _cache = new PacketCache(options.CacheSize);
        _lookups = new PkarrLookups(network, _cache, time, MaxLookups);
        _keeper = new PacketKeeper(network, _cache, options, time, new SecureRandom(), logger);
        _quota = new HostQuota(options.LookupBurst);
        _guard = new GatewayGuard(options.RequestBurst);
        _endpoints = new PkarrEndpoints(network, _cache, _lookups, _keeper, _quota, options, time, logger, _closing.Token);
    }

    /// <summary>Where it listens by itself; null when it is mounted only.</summary>
    public IPEndPoint? Endpoint { get; private set; }

    /// <summary>Starts a relay over a node, which stays the caller's: it is disposed after the relay.</summary>
    /// <param name="dht">The node.</param>
    /// <param name="options">How it is set up; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="IOException">The endpoint cannot be bound.</exception>
    public static Task<PkarrRelay> StartAsync(
        MainlineDht dht,
        PkarrRelayOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        return StartAsync(new MainlinePkarr(dht), options ?? new PkarrRelayOptions(), loggerFactory, timeProvider, cancellationToken);
    }

    internal static async Task<PkarrRelay> StartAsync(
        IPkarrNetwork network,
        PkarrRelayOptions options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider,
        CancellationToken cancellationToken)
    {
        options.Validate();
        ILoggerFactory loggers = loggerFactory ?? NullLoggerFactory.Instance;
        PkarrRelay relay = new(network, options, loggers.CreateLogger("Kadstone.Daemon"), timeProvider ?? TimeProvider.System);
        try
        {
            await relay._keeper.StartAsync(cancellationToken).ConfigureAwait(false);
            if (options.Endpoint is IPEndPoint endpoint)
            {
                relay._listener = await WebListener.StartAsync(endpoint, loggers, relay.MapOwn, cancellationToken).ConfigureAwait(false);
                relay.Endpoint = relay._listener.Endpoint;
            }

            return relay;
        }
        catch
        {
            await relay.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Serves <c>/KEY</c> on another listener: a path of one segment, 52 letters of z-base-32. Who may ask how often is that listener's rule.</summary>
    public void Map(IEndpointRouteBuilder routes) => _endpoints.Map(routes);

    /// <summary>What it holds and did.</summary>
    public PkarrRelayStatus Status() => new(
        _cache.Count, _keeper.Count, _keeper.Unkept, _endpoints.Published, _keeper.Republished, _keeper.Failures, _endpoints.Refused);

    /// <summary>What it puts into the DHT again and again, by key.</summary>
    public IReadOnlyList<KeptPkarrPacket> Kept() => _keeper.List();

    /// <summary>Ends what is under way, the rounds and its own listener. The node and the store go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }

        await _lookups.DisposeAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _quota.Dispose();
        _guard.Dispose();
        _closing.Dispose();
    }

    private void MapOwn(WebApplication application)
    {
        application.Use(next => context => _guard.InvokeAsync(context, next));
        application.UseRouting();
        Map(application);
        application.MapFallback("{**path}", PkarrEndpoints.FallbackAsync);
    }
}
