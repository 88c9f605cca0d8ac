using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.Http;

/// <summary>One Kestrel on one endpoint, which reads no settings of its own: no file and no environment variable opens another port.</summary>
internal sealed class WebListener : IAsyncDisposable
{
    private const long MaxBodyLength = 64L << 20;

    private readonly WebApplication _application;

    private WebListener(WebApplication application, IPEndPoint endpoint)
    {
        _application = application;
        Endpoint = endpoint;
    }

    /// <summary>Where it listens, with the port that the kernel chose.</summary>
    public IPEndPoint Endpoint { get; }

    /// <exception cref="IOException">The endpoint is in use, or not ours.</exception>
    public static async Task<WebListener> StartAsync(IPEndPoint endpoint, ILoggerFactory loggers, Action<WebApplication> map, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => Configure(options, endpoint));
        WebApplication application = builder.Build();
        try
        {
            map(application);
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
            return new WebListener(application, new IPEndPoint(endpoint.Address, new Uri(address).Port));
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions options, IPEndPoint endpoint)
    {
        options.AddServerHeader = false;
        options.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
        KestrelServerLimits limits = options.Limits;
        limits.MaxConcurrentConnections = 1024;
        limits.MaxRequestBodySize = MaxBodyLength;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
    }

    /// <summary>Whoever started the listener ends it: signals and the console are not its business.</summary>
    private sealed class OwnersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
