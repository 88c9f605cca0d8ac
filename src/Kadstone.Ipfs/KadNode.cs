using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

/// <summary>One DHT of a node: a <see cref="KadProtocol"/> under a lock, what sends its requests over streams, and what answers those of others.</summary>
internal sealed partial class KadNode : IAsyncDisposable
{
    private readonly KadProtocol _protocol;
    private readonly KadSettings _settings;
    private readonly IPeerNetwork _network;
    private readonly RecordDesk _desk;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly TimeSpan _requestTimeout;
    private readonly Lock _lock = new();
    private readonly Wake _wake = new();
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<Task> _sending = [];
    private readonly Dictionary<KadQuery, Wake> _readers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private readonly Task _pump;
    private IDisposable? _served;

    internal KadNode(KadScope scope, string protocol, KadSettings settings, IPeerNetwork network, RecordDesk desk, ILogger logger, TimeProvider time, Random chance, TimeSpan requestTimeout)
    {
        Scope = scope;
        Protocol = protocol;
        _settings = settings;
        _network = network;
        _desk = desk;
        _logger = logger;
        _time = time;
        _epoch = time.GetTimestamp();
        _requestTimeout = requestTimeout;
        _protocol = new KadProtocol(settings, chance);
        _timer = time.CreateTimer(_ => _wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _pump = Task.Run(PumpAsync);
    }

    internal KadScope Scope { get; }

    internal string Protocol { get; }

    internal AddressPolicy Policy => _settings.Policy;

    internal bool IsServer
    {
        get
        {
            lock (_lock)
            {
                return _served is not null;
            }
        }
    }

    private Instant Now => new(_time.GetElapsedTime(_epoch).Ticks);

    internal IpfsStatus Status()
    {
        lock (_lock)
        {
            KadCounters counters = _protocol.Counters;
            return new IpfsStatus(
                Scope, Protocol, _served is not null, _protocol.Contacts, _protocol.ActiveQueries, _protocol.ProviderKeys, _protocol.ProviderCount,
                counters.Answered, counters.Refused, counters.RateLimited, counters.Requests, counters.Failures, _protocol.NetworkSize);
        }
    }

    internal PeerInfo[] Contacts()
    {
        lock (_lock)
        {
            return [.. _protocol.Entries];
        }
    }

    internal TableView<Key256, KadContact> Table()
    {
        lock (_lock)
        {
            return _protocol.View(Now);
        }
    }

    internal ILookupObserver<KadContact>? LookupObserver
    {
        get
        {
            lock (_lock)
            {
                return _protocol.LookupObserver;
            }
        }

        set
        {
            lock (_lock)
            {
                _protocol.LookupObserver = value;
            }
        }
    }

    /// <summary>Ends when the table has so many entries.</summary>
    internal Task HasContactsAsync(int count)
    {
        lock (_lock)
        {
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            TellWaitersNeedsLock();
            return reached.Task;
        }
    }

    /// <summary>Serves others from now on, or no more.</summary>
    internal void Serve(bool isServed)
    {
        lock (_lock)
        {
            if (isServed == _served is not null || _closing.IsCancellationRequested)
            {
                return;
            }

            _served?.Dispose();
            _served = isServed ? _network.Accept(Protocol, ServeAsync) : null;
        }

        IpfsLog.Serving(_logger, Protocol, isServed);
    }

    internal void Reside(IReadOnlyList<Multiaddr> addresses)
    {
        lock (_lock)
        {
            _protocol.Reside(addresses);
        }
    }

    internal void AddBootstrap(PeerInfo peer)
    {
        lock (_lock)
        {
            _protocol.AddBootstrap(peer);
        }
    }

    internal void Identified(IdentifiedPeer peer)
    {
        lock (_lock)
        {
            _protocol.Identified(peer.Id, peer.Addresses, peer.Protocols.Contains(Protocol), Now);
        }

        _wake.Set();
    }

    internal void Disconnected(PeerId peer)
    {
        lock (_lock)
        {
            _protocol.Disconnected(peer);
        }
    }

    internal IReadOnlyList<Multiaddr> AddressesOf(PeerId peer)
    {
        lock (_lock)
        {
            return _protocol.AddressesOf(peer, Now);
        }
    }

    internal void AddOwnProvider(ReadOnlyMemory<byte> multihash)
    {
        lock (_lock)
        {
            _protocol.AddOwnProvider(multihash, Now);
        }
    }

    internal void RemoveOwnProvider(ReadOnlyMemory<byte> multihash)
    {
        lock (_lock)
        {
            _protocol.RemoveOwnProvider(multihash);
        }
    }

    internal PeerInfo[] ProvidersOf(ReadOnlyMemory<byte> multihash)
    {
        lock (_lock)
        {
            return [.. _protocol.ProvidersOf(multihash, Now)];
        }
    }

    internal KadQuery NewQuery(KadQueryKind kind, ReadOnlyMemory<byte> target, int wanted = 0, int quorum = 0, KadRecord? record = null, KadMessage? providerMessage = null, bool isOptimistic = false) =>
        new(_settings, kind, target) { Wanted = wanted, Quorum = quorum, Record = record, ProviderMessage = providerMessage, TellWithin = isOptimistic ? 1 : 0 };

    /// <summary>Begins a query; <paramref name="reader"/> is woken whenever there may be something to read of it.</summary>
    internal void Start(KadQuery query, Wake reader)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            _protocol.Start(query, Now);
            _readers.Add(query, reader);
        }

        reader.Set();
        _wake.Set();
    }

    /// <summary>Takes what happened in a query since the last call.</summary>
    /// <returns>Whether the query is done; nothing more happens to be read then.</returns>
    internal bool Take(KadQuery query, List<QueryEvent> events)
    {
        bool wasFull;
        bool isDone;
        lock (_lock)
        {
            isDone = query.IsDone;
            int before = events.Count;
            while (query.TryTakeEvent(out QueryEvent? happened) && happened is not null)
            {
                events.Add(happened);
            }

            query.IsAwaited &= events.Count == before;
            wasFull = events.Count - before >= KadQuery.MaxUnread;
        }

        if (wasFull)
        {
            _wake.Set();
        }

        return isDone;
    }

    /// <summary>The reader has dealt with all that it took, and waits.</summary>
    internal void Await(KadQuery query)
    {
        lock (_lock)
        {
            query.IsAwaited = true;
        }

        _wake.Set();
    }

    /// <summary>Reads a query under the lock.</summary>
    internal T Read<T>(KadQuery query, Func<KadQuery, T> read)
    {
        lock (_lock)
        {
            return read(query);
        }
    }

    /// <summary>Nobody reads the query any more.</summary>
    internal void Leave(KadQuery query)
    {
        lock (_lock)
        {
            _readers.Remove(query);
            _protocol.Leave(query);
        }

        _wake.Set();
    }

    private void TellWaitersNeedsLock() => _waiters.RemoveAll(waiter => _protocol.Contacts >= waiter.Count && waiter.Reached.TrySetResult());

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        Task[] sending;
        Wake[] readers;
        lock (_lock)
        {
            _served?.Dispose();
            _served = null;
            readers = [.. _readers.Values];
        }

        Array.ForEach(readers, reader => reader.Set());
        await _pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            sending = [.. _sending];
        }

        await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }
}
