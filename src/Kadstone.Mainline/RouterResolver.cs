using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>Turns the names of bootstrap hosts into endpoints, again and again while nobody answers: names may resolve only later.</summary>
internal sealed class RouterResolver(DatagramDriver<MainlineProtocol> driver, IReadOnlyList<string> hosts, TimeProvider time, Troubles troubles) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<string> _unresolved = [.. hosts];
    private Task _loop = Task.CompletedTask;

    /// <summary>Resolves what needs no asking at once, and the names in the background.</summary>
    /// <returns>Ends when each name was tried once.</returns>
    internal Task Start()
    {
        Task first = ResolveAsync(_closing.Token);
        _loop = LoopAsync(first);
        return first;
    }

    internal static bool IsHostAndPort(string host) => TrySplit(host, out _, out ushort port) && port != 0;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task LoopAsync(Task first)
    {
        await first.ConfigureAwait(false);
        using PeriodicTimer timer = new(s_pause, time);
        while (Unresolved().Length > 0 && await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            await ResolveAsync(_closing.Token).ConfigureAwait(false);
        }
    }

    private Task ResolveAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Unresolved().Select(host => ResolveAsync(host, cancellationToken)));

    private string[] Unresolved()
    {
        lock (_unresolved)
        {
            return [.. _unresolved];
        }
    }

    private static bool TrySplit(string host, out string name, out ushort port)
    {
        int colon = host.LastIndexOf(':');
        name = colon > 0 ? host[..colon] : "";
        port = 0;
        return colon > 0 && ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port);
    }

    private async Task ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (UdpEndpoint.TryParse(host, out UdpEndpoint literal))
        {
            Resolved(host, [literal]);
            return;
        }

        _ = TrySplit(host, out string name, out ushort port);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(name, patience.Token).ConfigureAwait(false);
            Resolved(host, [.. addresses.Select(address => UdpEndpoint.From(address, port))]);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            troubles.CannotResolve(host, exception is OperationCanceledException ? "no answer from the resolver" : exception.Message);
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
