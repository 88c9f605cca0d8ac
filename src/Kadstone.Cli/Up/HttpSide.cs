using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Kadstone.Daemon;
using Kadstone.Hosting;
using Microsoft.Extensions.Logging;

namespace Kadstone.Cli.Up;

/// <summary>What <c>dht up</c> serves over HTTP. The one place where Kestrel is loaded, and only when there is somewhere to listen.</summary>
internal sealed class HttpSide : IAsyncDisposable
{
    private readonly IAsyncDisposable? _daemon;

    private HttpSide(IAsyncDisposable? daemon, IPEndPoint? api, IPEndPoint? gateway, string? token)
    {
        _daemon = daemon;
        Api = api;
        Gateway = gateway;
        Token = token;
    }

    internal static HttpSide None { get; } = new(null, null, null, null);

    /// <summary>Where the API listens; null: nowhere.</summary>
    internal IPEndPoint? Api { get; }

    /// <summary>Where the gateway listens; null: nowhere.</summary>
    internal IPEndPoint? Gateway { get; }

    /// <summary>What requests to the API must carry; null on a loopback address.</summary>
    internal string? Token { get; }

    /// <exception cref="KadstoneSetupException">An endpoint cannot be bound.</exception>
    internal static Task<HttpSide> StartAsync(KadstoneNode node, IReadOnlyList<Devnet> devnets, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        node.Options is { Api: null, Gateway: null } ? Task.FromResult(None) : StartListeningAsync(node, devnets, loggers, cancellationToken);

    public ValueTask DisposeAsync() => _daemon?.DisposeAsync() ?? ValueTask.CompletedTask;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<HttpSide> StartListeningAsync(KadstoneNode node, IReadOnlyList<Devnet> devnets, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        KadstoneOptions options = node.Options;
        // Whoever can reach more than this machine's own programs must know the token, which daemon.json tells this user.
        string? token = options.Api is null || IPAddress.IsLoopback(options.Api.Address) ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        try
        {
            KadstoneDaemonOptions where = new()
            {
                Api = options.Api,
                Gateway = options.Gateway,
                Token = token,
                KeyFolder = node.DataFolder is string folder ? Path.Combine(folder, "keys") : null,
                Devnet = devnets.Count > 0 ? new DevnetControl(devnets) : null,
            };
            KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, where, loggers, cancellationToken: cancellationToken);
            return new HttpSide(daemon, daemon.Api, daemon.Gateway, token);
        }
        catch (IOException exception)
        {
            throw new KadstoneSetupException(
                options.Api is null ? "Kadstone:Gateway" : "Kadstone:Api",
                $"{options.Api?.ToString() ?? "off"} (gateway: {options.Gateway?.ToString() ?? "off"}) cannot be opened: {Failure.OneLine(exception.Message)} Another port is needed, 0 for the kernel's choice, or off.",
                exception);
        }
    }
}
