using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core.Gen1;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Turns the names of the first generation's bootstrap nodes into endpoints: at the start, and again while the table is empty.</summary>
internal sealed class Gen1Resolver(DatagramDriver<Gen1Protocol> driver, HostPort[] hosts, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<HostPort> _warned = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>Hands over what needs no asking, and the join begins; where there are names, when each was tried once.</summary>
    internal void Start()
    {
        HostPort[] names = [.. hosts.Where(host => Known(host) is null)];
        foreach (HostPort host in hosts)
        {
            if (Known(host) is { } address)
            {
                Add(UdpEndpoint.From(address, host.Port));
            }
        }

        if (names.Length == 0)
        {
            Join();
        }
        else
        {
            _loop = LoopAsync(names);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private static IPAddress? Known(HostPort host) => host.Address ?? (IPAddress.TryParse(host.Host, out IPAddress? literal) ? literal : null);

    private async Task LoopAsync(HostPort[] names)
    {
        await Task.WhenAll(names.Select(ResolveAsync)).ConfigureAwait(false);
        Join();
        while (true)
        {
            await Task.Delay(s_pause, time, _closing.Token).ConfigureAwait(false);
            if (driver.Run(0, static (protocol, _, _) => protocol.Table.Count) == 0)
            {
                await Task.WhenAll(names.Select(ResolveAsync)).ConfigureAwait(false);
            }
        }
    }

    private async Task ResolveAsync(HostPort host)
    {
        try
        {
            foreach (IPAddress address in await Dns.GetHostAddressesAsync(host.Host, AddressFamily.InterNetwork, _closing.Token).ConfigureAwait(false))
            {
                Add(UdpEndpoint.From(address, host.Port));
            }
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            bool isFirst;
            lock (_warned)
            {
                isFirst = _warned.Add(host);
            }

            if (isFirst)
            {
                RpcLog.CannotResolve(logger, host.ToString(), exception.Message);
            }
        }
    }

    private void Add(UdpEndpoint endpoint) => driver.Run((protocol, now) => protocol.AddBootstrap(endpoint, now));

    private void Join() => driver.Run(static (protocol, now) =>
    {
        protocol.Join(now);
        protocol.JoinChanged?.Invoke();
    });
}
