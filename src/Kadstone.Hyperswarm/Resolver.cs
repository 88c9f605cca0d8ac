using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm;

/// <summary>Turns the names of bootstrap nodes into endpoints: at the start, while they do not resolve, and again when nobody else is left to ask.</summary>
/// <remarks>Where an address was given with the name, the name is asked for only when nobody answered.</remarks>
internal sealed class Resolver<TCore>(DatagramDriver<TCore> driver, IReadOnlyList<HostPort> hosts, TimeProvider time, ILogger logger) : IAsyncDisposable
    where TCore : class, INodeCore
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _closing = new();
    private readonly Signal _wanted = new();
    private readonly HashSet<HostPort> _warned = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>Hands over what needs no asking, and the join begins; where there are names, when each was tried once.</summary>
    internal void Start()
    {
        // All at once: the first join would else begin, and end, with the first of them alone.
        List<UdpEndpoint> known = [];
        foreach (HostPort host in hosts)
        {
            if (Known(host) is { } address)
            {
                known.Add(UdpEndpoint.From(address, host.Port));
            }
        }

        Add(known);
        HostPort[] unknown = [.. hosts.Where(host => Known(host) is null)];
        driver.Run((core, _) => core.RunEmpty = _wanted.Set);
        if (unknown.Length == 0)
        {
            Join();
        }

        _loop = LoopAsync(unknown);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private static IPAddress? Known(HostPort host) => host.Address ?? (IPAddress.TryParse(host.Host, out IPAddress? literal) ? literal : null);

    private async Task LoopAsync(HostPort[] unknown)
    {
        if (unknown.Length > 0)
        {
            await ResolveAsync(unknown).ConfigureAwait(false);
            Join();
        }

        HostPort[] names = [.. hosts.Where(host => !IPAddress.TryParse(host.Host, out _))];
        while (names.Length > 0)
        {
            await _wanted.WaitAsync(_closing.Token).ConfigureAwait(false);
            await ResolveAsync(names).ConfigureAwait(false);
            await Task.Delay(s_pause, time, _closing.Token).ConfigureAwait(false);
        }
    }

    private Task ResolveAsync(IEnumerable<HostPort> names) => Task.WhenAll(names.Select(ResolveAsync));

    private async Task ResolveAsync(HostPort host)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        patience.CancelAfter(s_patience);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host.Host, AddressFamily.InterNetwork, patience.Token).ConfigureAwait(false);
            Add(addresses.Select(address => UdpEndpoint.From(address, host.Port)));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException or OperationCanceledException && !_closing.IsCancellationRequested)
        {
            bool isFirst;
            lock (_warned)
            {
                isFirst = _warned.Add(host);
            }

            if (isFirst)
            {
                RpcLog.CannotResolve(logger, host.ToString(), exception is OperationCanceledException ? "no answer from the resolver" : exception.Message);
            }
        }
    }

    private void Add(IEnumerable<UdpEndpoint> endpoints)
    {
        UdpEndpoint[] all = [.. endpoints.Where(endpoint => endpoint.IsIPv4)];
        driver.Run((core, now) => Array.ForEach(all, endpoint => core.AddBootstrap(endpoint, now)));
    }

    private void Join() => driver.Run(static (core, now) => core.Join(now));
}
