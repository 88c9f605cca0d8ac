using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Mainline.Core;
using Microsoft.Extensions.Logging;

namespace Kadstone.Mainline;

/// <summary>Turns the names of bootstrap hosts into endpoints, again and again while nobody answers: names may resolve only later.</summary>
internal sealed class RouterResolver(DatagramDriver<MainlineProtocol> driver, IReadOnlyList<string> hosts, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<string> _unresolved = [.. hosts];
    private Task _loop = Task.CompletedTask;

    internal void Start() => _loop = _unresolved.Count > 0 ? LoopAsync() : Task.CompletedTask;

    internal async Task ResolveAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_unresolved.ToArray().Select(host => ResolveAsync(host, cancellationToken))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task LoopAsync()
    {
        using PeriodicTimer timer = new(s_pause, time);
        while (_unresolved.Count > 0 && await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            await ResolveAsync(_closing.Token).ConfigureAwait(false);
        }
    }

    private async Task ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (UdpEndpoint.TryParse(host, out UdpEndpoint literal))
        {
            Resolved(host, [literal]);
            return;
        }

        int colon = host.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            throw new ArgumentException($"'{host}' is no bootstrap host: HOST:PORT is expected.", nameof(host));
        }

        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host[..colon], patience.Token).ConfigureAwait(false);
            Resolved(host, [.. addresses.Select(address => UdpEndpoint.From(address, port))]);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            MainlineLog.CannotResolve(logger, host, exception is SocketException ? exception.Message : "no answer from the resolver");
        }
    }

    private void Resolved(string host, UdpEndpoint[] routers)
    {
        lock (_unresolved)
        {
            _unresolved.Remove(host);
        }

        driver.Run((protocol, now) =>
        {
            foreach (UdpEndpoint router in routers)
            {
                protocol.AddRouter(router, now);
            }
        });
    }
}
