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
    private readonly TaskCompletionSource _closedByHandler = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<(Key160 InfoHash, UdpEndpoint Peer), Known> _known = [];
    private readonly Dictionary<Key160, int> _advertised = [];
    private readonly HashSet<Advertisement> _advertisements = [];
    private readonly HashSet<Channel<PeerFound>> _listeners = [];
    private readonly Queue<PeerChange> _reported = new();
    private readonly Lock _lock = new();
    private bool _isClosed;
    private bool _isSweepDue;
    private Task _loop = Task.CompletedTask;
    private Task _sweep = Task.CompletedTask;

    internal event EventHandler<PeerFound>? Found;

    internal event EventHandler<PeerExpired>? Expired;

    private readonly record struct Known(long SeenAt, bool WasAdvertised);

    internal void Start()
    {
        driver.Run((protocol, _) => protocol.PeerNews.Arrived = _arrived.Set);
        _loop = LoopAsync();
        _sweep = CallSweepsAsync();
    }

    internal void Add(Advertisement advertisement)
    {
        lock (_lock)
        {
            _advertisements.Add(advertisement);
            _advertised[advertisement.InfoHash] = _advertised.GetValueOrDefault(advertisement.InfoHash) + 1;
        }

        // Who announced to us before we took part is nobody's news to our own lookup, which asks others.
        Report(advertisement.InfoHash, driver.Run(advertisement.InfoHash, static (protocol, infoHash, now) => protocol.StoredPeers(infoHash, now)));
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

    /// <summary>A lookup of our own brought peers.</summary>
    internal void Report(Key160 infoHash, IReadOnlyCollection<UdpEndpoint> peers)
    {
        if (peers.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            foreach (UdpEndpoint peer in peers)
            {
                if (_reported.Count >= MaxBacklog)
                {
                    _reported.Dequeue();
                }

                _reported.Enqueue(new PeerChange(infoHash, peer, Expired: false));
            }
        }

        _arrived.Set();
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
            if (_isClosed)
            {
                channel.Writer.TryComplete();
            }
            else
            {
                _listeners.Add(channel);
            }
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

    /// <summary>Somebody closes the node: when it is a handler of ours, <see cref="DisposeAsync"/> must not wait for it, since it waits for us.</summary>
    internal void NoteClosing()
    {
        if (_isHandling.Value)
        {
            _closedByHandler.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _isClosed = true;
            foreach (Channel<PeerFound> listener in _listeners)
            {
                listener.Writer.TryComplete();
            }
        }

        await Task.WhenAny(_loop, _closedByHandler.Task).ConfigureAwait(false);
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
                changes.AddRange(_reported);
                _reported.Clear();
                advertisements = [.. _advertisements];
                if (_isSweepDue)
                {
                    _isSweepDue = false;
                    AddExpired(changes);
                }
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

    // Peers that only lookups brought are in no table that would let them expire.
    private void AddExpired(List<PeerChange> changes)
    {
        foreach (((Key160 infoHash, UdpEndpoint peer), Known known) in _known)
        {
            if (time.GetElapsedTime(known.SeenAt) > s_lifetime)
            {
                changes.Add(new PeerChange(infoHash, peer, Expired: true));
            }
        }
    }

    private async Task CallSweepsAsync()
    {
        using PeriodicTimer timer = new(s_sweepPause, time);
        while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
        {
            lock (_lock)
            {
                _isSweepDue = true;
            }

            _arrived.Set();
        }
    }

    private void Tell(PeerChange change)
    {
        if (change.Expired)
        {
            lock (_lock)
            {
                _known.Remove((change.InfoHash, change.Peer));
            }

            Raise(Expired, new PeerExpired(change.InfoHash, change.Peer));
        }
        else if (IsNews(change, out PeerFound found, out Channel<PeerFound>[] listeners))
        {
            foreach (Channel<PeerFound> listener in listeners)
            {
                listener.Writer.TryWrite(found);
            }

            Raise(Found, found);
        }
    }

    /// <summary>A peer is news once, and once more when it takes part in what we have come to advertise.</summary>
    private bool IsNews(PeerChange change, out PeerFound found, out Channel<PeerFound>[] listeners)
    {
        lock (_lock)
        {
            bool isAdvertised = _advertised.ContainsKey(change.InfoHash);
            bool wasKnown = _known.TryGetValue((change.InfoHash, change.Peer), out Known known);
            if (wasKnown || _known.Count < MaxKnown)
            {
                _known[(change.InfoHash, change.Peer)] = new Known(time.GetTimestamp(), isAdvertised || known.WasAdvertised);
            }

            found = new PeerFound(change.InfoHash, change.Peer, isAdvertised);
            listeners = [.. _listeners];
            return !wasKnown || (isAdvertised && !known.WasAdvertised);
        }
    }

    private void Raise<TEvent>(EventHandler<TEvent>? handlers, TEvent news)
    {
        _isHandling.Value = true;
        foreach (EventHandler<TEvent> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(dht, news);
            }
#pragma warning disable CA1031 // A listener's fault is the listener's: it is reported, and the others are told.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                MainlineLog.HandlerFailed(logger, exception);
            }
        }

        _isHandling.Value = false;
    }
}
