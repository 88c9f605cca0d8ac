using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;
using Microsoft.Extensions.Logging;

namespace Kadstone.Mainline;

/// <summary>Tells listeners of new and expired peers, from announces of strangers and from the lookups of our own advertisements.</summary>
/// <remarks>Handlers run on a task of their own, never under the node's lock, so a handler may close the node.</remarks>
internal sealed class PeerWatch(MainlineDht dht, DatagramDriver<MainlineProtocol> driver, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_sweepPause = TimeSpan.FromMinutes(1);
    private const int MaxKnown = 65_536;
    private const int MaxBacklog = 4_096;

    private readonly Signal _arrived = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly AsyncLocal<bool> _isHandling = new();
    private readonly Dictionary<(Key160 InfoHash, UdpEndpoint Peer), long> _known = [];
    private readonly Dictionary<Key160, int> _advertised = [];
    private readonly HashSet<Advertisement> _advertisements = [];
    private readonly HashSet<Channel<PeerFound>> _listeners = [];
    private readonly Lock _lock = new();
    private Task _loop = Task.CompletedTask;
    private Task _sweep = Task.CompletedTask;

    internal EventHandler<PeerFound>? Found { get; set; }

    internal EventHandler<PeerExpired>? Expired { get; set; }

    internal void Start()
    {
        driver.Run((protocol, _) => protocol.PeerNews.Arrived = _arrived.Set);
        _loop = LoopAsync();
        _sweep = SweepAsync();
    }

    internal void Add(Advertisement advertisement)
    {
        lock (_lock)
        {
            _advertisements.Add(advertisement);
            _advertised[advertisement.InfoHash] = _advertised.GetValueOrDefault(advertisement.InfoHash) + 1;
        }
    }

    internal void Remove(Advertisement advertisement)
    {
        lock (_lock)
        {
            if (_advertisements.Remove(advertisement) && --_advertised[advertisement.InfoHash] == 0)
            {
                _advertised.Remove(advertisement.InfoHash);
            }
        }
    }

    /// <summary>An advertisement's lookup brought something.</summary>
    internal void Wake() => _arrived.Set();

    internal Channel<PeerFound> Listen()
    {
        // A listener that does not keep up loses the oldest: news of strangers must not hold up the node.
        Channel<PeerFound> channel = Channel.CreateBounded<PeerFound>(
            new BoundedChannelOptions(MaxBacklog) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            _listeners.Add(channel);
        }

        return channel;
    }

    internal void Leave(Channel<PeerFound> channel)
    {
        lock (_lock)
        {
            _listeners.Remove(channel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        lock (_lock)
        {
            foreach (Channel<PeerFound> listener in _listeners)
            {
                listener.Writer.TryComplete();
            }
        }

        // Closed by one of our own handlers: it waits for us, so we must not wait for it.
        if (!_isHandling.Value)
        {
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _sweep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LoopAsync()
    {
        List<PeerChange> changes = [];
        while (!_closing.IsCancellationRequested)
        {
            await _arrived.WaitAsync(_closing.Token).ConfigureAwait(false);
            changes.Clear();
            Advertisement[] advertisements;
            lock (_lock)
            {
                advertisements = [.. _advertisements];
            }

            driver.Run((protocol, _) =>
            {
                while (protocol.PeerNews.TryTake(out PeerChange change))
                {
                    changes.Add(change);
                }

                foreach (Advertisement advertisement in advertisements)
                {
                    advertisement.TakePeers(changes);
                }
            });
            foreach (PeerChange change in changes)
            {
                if (_closing.IsCancellationRequested)
                {
                    return;
                }

                Tell(change);
            }
        }
    }

    private void Tell(PeerChange change)
    {
        bool isAdvertised;
        Channel<PeerFound>[] listeners;
        lock (_lock)
        {
            bool wasKnown = _known.ContainsKey((change.InfoHash, change.Peer));
            if (change.Expired)
            {
                _known.Remove((change.InfoHash, change.Peer));
            }
            else if (wasKnown || _known.Count < MaxKnown)
            {
                _known[(change.InfoHash, change.Peer)] = time.GetTimestamp();
            }

            if (wasKnown && !change.Expired)
            {
                return;
            }

            isAdvertised = _advertised.ContainsKey(change.InfoHash);
            listeners = [.. _listeners];
        }

        _isHandling.Value = true;
        try
        {
            if (change.Expired)
            {
                Expired?.Invoke(dht, new PeerExpired(change.InfoHash, change.Peer));
                return;
            }

            PeerFound found = new(change.InfoHash, change.Peer, isAdvertised);
            foreach (Channel<PeerFound> listener in listeners)
            {
                listener.Writer.TryWrite(found);
            }

            Found?.Invoke(dht, found);
        }
#pragma warning disable CA1031 // A listener's fault is the listener's: it is reported, and the others are told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            MainlineLog.HandlerFailed(logger, exception);
        }
        finally
        {
            _isHandling.Value = false;
        }
    }

    // Peers that only lookups brought are in no table that would let them expire.
    private async Task SweepAsync()
    {
        using PeriodicTimer timer = new(s_sweepPause, time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            (Key160 InfoHash, UdpEndpoint Peer)[] old;
            lock (_lock)
            {
                old = [.. _known.Where(entry => time.GetElapsedTime(entry.Value) > s_lifetime).Select(entry => entry.Key)];
            }

            foreach ((Key160 infoHash, UdpEndpoint peer) in old)
            {
                Tell(new PeerChange(infoHash, peer, Expired: true));
            }
        }
    }
}
