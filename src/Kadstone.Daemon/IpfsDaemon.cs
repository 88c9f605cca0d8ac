using System.Net;
using Kadstone.Daemon.Http;
using Kadstone.Ipfs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon;

/// <summary>A node of the IPFS DHT for other programs: Kubo's RPC and Delegated Routing V1 over HTTP.</summary>
/// <remarks>The API is for this machine's own programs and keeps web pages out; the gateway is for everybody, and knows Delegated Routing only.</remarks>
public sealed class IpfsDaemon : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly List<WebListener> _listeners = [];
    private readonly GatewayGuard _gatewayGuard;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private IpfsSurface? _surface;

    private IpfsDaemon(IpfsDaemonOptions options, ILoggerFactory loggers)
    {
        _gatewayGuard = new GatewayGuard(options.GatewayBurst);
        _loggers = loggers;
        _logger = loggers.CreateLogger("Kadstone.Daemon");
    }

    /// <summary>Where the API listens; null when it does not.</summary>
    public IPEndPoint? Api { get; private set; }

    /// <summary>Where the gateway listens; null when it does not.</summary>
    public IPEndPoint? Gateway { get; private set; }

    /// <summary>Opens the listeners over a node, which stays the caller's: it is disposed after the daemon.</summary>
    /// <param name="dht">The node.</param>
    /// <param name="nodeOptions">What it was made of; they must name its identity.</param>
    /// <param name="options">Where to listen; null: all defaults.</param>
    /// <param name="loggerFactory">Where it logs; null: nowhere.</param>
    /// <param name="timeProvider">Its clock; null: the system's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the API would be open to a network without a token.</exception>
    /// <exception cref="IOException">A listener cannot be bound, or the key folder cannot be read.</exception>
    public static Task<IpfsDaemon> StartAsync(
        IpfsDht dht,
        IpfsOptions nodeOptions,
        IpfsDaemonOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        ArgumentNullException.ThrowIfNull(nodeOptions);
        options ??= new IpfsDaemonOptions();
        return StartAsync(new DhtNode(dht, nodeOptions, options.HasRouting), options, loggerFactory, timeProvider, cancellationToken);
    }

    internal static async Task<IpfsDaemon> StartAsync(IIpfsNode node, IpfsDaemonOptions options, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        options.Validate();
        IpfsDaemon daemon = new(options, loggerFactory ?? NullLoggerFactory.Instance);
        try
        {
            await daemon.ListenAsync(node, options, timeProvider ?? TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends what is under way and closes the listeners. The node goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        foreach (WebListener listener in _listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        _listeners.Clear();
        _surface?.Dispose();
        _gatewayGuard.Dispose();
        _closing.Dispose();
    }

    private async Task ListenAsync(IIpfsNode node, IpfsDaemonOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        IpfsSurface surface = new(node, options, time, _logger, _closing.Token);
        _surface = surface;
        if (options.Api is not null)
        {
            ApiGuard guard = new(options);
            Api = await OpenAsync("the API", options.Api, application => Map(application, guard.InvokeAsync, surface.MapApi), cancellationToken).ConfigureAwait(false);
        }

        if (options.Gateway is not null)
        {
            Gateway = await OpenAsync("the gateway", options.Gateway, application => Map(application, _gatewayGuard.InvokeAsync, surface.MapGateway), cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Map(WebApplication application, Func<HttpContext, RequestDelegate, Task> guard, Action<WebApplication> map)
    {
        application.Use(next => context => guard(context, next));
        application.UseRouting();
        map(application);
        application.MapFallback(NotFoundAsync);
    }

    private async Task<IPEndPoint> OpenAsync(string surface, IPEndPoint endpoint, Action<WebApplication> map, CancellationToken cancellationToken)
    {
        WebListener listener = await WebListener.StartAsync(endpoint, _loggers, map, cancellationToken).ConfigureAwait(false);
        _listeners.Add(listener);
        DaemonLog.Listening(_logger, surface, listener.Endpoint);
        return listener.Endpoint;
    }

    private static Task NotFoundAsync(HttpContext context) => PlainText.AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found");
}
