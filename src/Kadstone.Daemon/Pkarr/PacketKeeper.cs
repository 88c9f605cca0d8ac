using Kadstone.Mainline;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Daemon.Pkarr;

/// <summary>Puts packets into the DHT again and again, each about once an hour and one after the other. Nodes forget what is not put again within two hours.</summary>
/// <remarks>
/// A round asks first: who publishes elsewhere has a newer packet there, which is then the one to keep; and what enough nodes hold need not be
/// put. The owner's key is not needed, since the bytes are put as she signed them.
/// </remarks>
internal sealed class PacketKeeper : IAsyncDisposable
{
    // As many as a put stores at: more copies need no other (BEP 44).
    private const int EnoughHolders = 8;

    // At once, so that slow lookups do not hold up the others.
    private const int Lanes = 8;
    private const int Page = 1000;

    private static readonly TimeSpan s_longestPace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromMinutes(5);

    private readonly IPkarrNetwork _network;
    private readonly PacketCache _cache;
    private readonly PkarrRelayOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _chance;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<PkarrKey, KeptPacket> _kept = [];

    // What is due when. An entry counts as long as its packet is still due just then.
    private readonly PriorityQueue<PkarrKey, DateTimeOffset> _due = new();
    private readonly List<Task> _rounds = [];
    private Task _pacing = Task.CompletedTask;
    private long _unkept;
    private long _republished;
    private long _failures;

    internal PacketKeeper(IPkarrNetwork network, PacketCache cache, PkarrRelayOptions options, TimeProvider time, Random chance, ILogger logger)
    {
        _network = network;
        _cache = cache;
        _options = options;
        _time = time;
        _chance = chance;
        _logger = logger;
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _kept.Count;
            }
        }
    }

    public long Unkept => Interlocked.Read(ref _unkept);

    public long Republished => Interlocked.Read(ref _republished);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Reads what was kept before, and begins with the rounds.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.MaxKept == 0)
        {
            return;
        }

        await LoadAsync(cancellationToken).ConfigureAwait(false);
        TimeSpan pace = _options.RepublishInterval / _options.MaxKept;
        _pacing = PaceAsync(pace < s_longestPace ? pace : s_longestPace);
    }

    /// <summary>Keeps a packet that its owner has just published.</summary>
    public async Task KeepAsync(PkarrPacket packet, int holders)
    {
        KeptPacket kept;
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            KeptPacket? before = _kept.GetValueOrDefault(packet.Key);
            if (before is null ? _kept.Count >= _options.MaxKept : before.Packet.CompareTo(packet) > 0)
            {
                // A full relay keeps what it has: else whoever makes up keys drives everybody out.
                Interlocked.Increment(ref _unkept);
                return;
            }

            kept = Set(new KeptPacket(packet, holders, now, now, now, NextRound(now), before?.Revision ?? 0));
        }

        await SaveAsync(kept).ConfigureAwait(false);
    }

    /// <summary>What is kept, by key.</summary>
    public IReadOnlyList<KeptPkarrPacket> List()
    {
        lock (_lock)
        {
            return [.. _kept.Values
                .OrderBy(kept => kept.Packet.Key.Text, StringComparer.Ordinal)
                .Select(kept => new KeptPkarrPacket(kept.Packet.Key.Text, kept.Packet.Timestamp, kept.Holders, kept.PublishedAt, kept.DueAt))];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _pacing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)Task.WhenAll(_rounds)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task PaceAsync(TimeSpan pace)
    {
        using PeriodicTimer timer = new(pace, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                _rounds.RemoveAll(round => round.IsCompleted);
                if (_rounds.Count < Lanes && TakeDue() is KeptPacket due)
                {
                    _rounds.Add(RoundAsync(due));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }
    }

    private KeptPacket? TakeDue()
    {
        lock (_lock)
        {
            while (_due.TryPeek(out PkarrKey? key, out DateTimeOffset due) && due <= _time.GetUtcNow())
            {
                _due.Dequeue();
                if (_kept.TryGetValue(key, out KeptPacket? kept) && kept.DueAt == due)
                {
                    return kept;
                }
            }

            return null;
        }
    }

    private async Task RoundAsync(KeptPacket kept)
    {
        try
        {
            if (kept.WantedAt + _options.KeepFor <= _time.GetUtcNow())
            {
                await ForgetAsync(kept).ConfigureAwait(false);
                return;
            }

            PkarrFinding finding = await _network.FindAsync(kept.Packet.Key, null, _closing.Token).ConfigureAwait(false);
            if (finding.InvalidSequence > kept.Packet.Timestamp)
            {
                // Its owner has something else there now, which is not ours to overwrite.
                await ForgetAsync(kept).ConfigureAwait(false);
                return;
            }

            PkarrPacket newest = finding.Packet is PkarrPacket found && found.CompareTo(kept.Packet) > 0 ? found : kept.Packet;
            int copies = finding.Packet?.CompareTo(newest) == 0 ? finding.Copies : 0;
            int holders = copies < EnoughHolders ? await StoreAsync(newest, copies).ConfigureAwait(false) : copies;
            await NoteAsync(kept, newest, holders).ConfigureAwait(false);
            Interlocked.Increment(ref _republished);
            DaemonLog.Republished(_logger, newest.Key.Text, holders);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // What is due stays due.
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException)
        {
            DaemonLog.NotRepublished(_logger, kept.Packet.Key.Text, exception.Message);
            Retry(kept);
        }
#pragma warning disable CA1031 // One packet's mishap must not end the others' rounds.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            DaemonLog.RepublishingFailed(_logger, kept.Packet.Key.Text, exception);
            Retry(kept);
        }
    }

    private async Task<int> StoreAsync(PkarrPacket packet, int copies)
    {
        CommitOutcome commit = await _network.StoreAsync(packet, null, _closing.Token).ConfigureAwait(false);

        // Some nodes refuse what they hold already as not newer; that they have no newer one, the lookup has shown.
        int refusedAsHeld = commit.ErrorCode == (int)KrpcErrorCode.SequenceNotNewer ? Math.Min(commit.Refused, copies) : 0;
        return Math.Max(copies, commit.Stored + refusedAsHeld);
    }

    private async Task NoteAsync(KeptPacket kept, PkarrPacket newest, int holders)
    {
        KeptPacket noted;
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (!_kept.TryGetValue(kept.Packet.Key, out KeptPacket? current) || current.Packet.CompareTo(newest) > 0)
            {
                // Its owner was here meanwhile.
                return;
            }

            DateTimeOffset seenAt = holders > 0 ? now : current.SeenAt;
            noted = Set(current with { Packet = newest, Holders = holders, SeenAt = seenAt, PublishedAt = now, DueAt = NextRound(now) });
        }

        if (holders > 0)
        {
            _cache.Offer(newest, noted.SeenAt);
        }

        await SaveAsync(noted).ConfigureAwait(false);
    }

    private void Retry(KeptPacket kept)
    {
        Interlocked.Increment(ref _failures);
        lock (_lock)
        {
            if (_kept.TryGetValue(kept.Packet.Key, out KeptPacket? current) && ReferenceEquals(current, kept))
            {
                TimeSpan pause = s_retryAfter < _options.RepublishInterval ? s_retryAfter : _options.RepublishInterval;
                Set(current with { DueAt = _time.GetUtcNow() + pause });
            }
        }
    }

    private async Task ForgetAsync(KeptPacket kept)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(kept.Packet.Key, out KeptPacket? current) || !ReferenceEquals(current, kept))
            {
                return;
            }

            _kept.Remove(kept.Packet.Key);
        }

        if (_options.Store is IRecordStore store)
        {
            try
            {
                await store.DeleteAsync(Shelf.MainlinePkarr, kept.Packet.Key.Bytes, _closing.Token).ConfigureAwait(false);
            }
            catch (StoreUnavailableException exception)
            {
                DaemonLog.KeepingFailed(_logger, exception.Message);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private KeptPacket Set(KeptPacket kept)
    {
        // Rising also over a restart that could not read what was there.
        kept = kept with { Revision = Math.Max(kept.Revision + 1, Microseconds.Of(_time.GetUtcNow())) };
        _kept[kept.Packet.Key] = kept;
        _due.Enqueue(kept.Packet.Key, kept.DueAt);
        return kept;
    }

    /// <summary>Under the lock: give or take a tenth, so that what was published together does not stay together.</summary>
    private DateTimeOffset NextRound(DateTimeOffset now) => now + (_options.RepublishInterval * (0.9 + (0.2 * _chance.NextDouble())));

    private async Task SaveAsync(KeptPacket kept)
    {
        if (_options.Store is not IRecordStore store)
        {
            return;
        }

        try
        {
            StoredRecord record = kept.ToRecord(_options.KeepFor, _time.GetUtcNow());
            PutResult result = await store.PutAsync(Shelf.MainlinePkarr, kept.Packet.Key.Bytes, record, null, _closing.Token).ConfigureAwait(false);
            if (result == PutResult.Full)
            {
                DaemonLog.KeepingFailed(_logger, "the store is full");
            }
        }
        catch (StoreUnavailableException exception)
        {
            // The DHT has it, and so has memory: the next round is saved again.
            DaemonLog.KeepingFailed(_logger, exception.Message);
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_options.Store is not IRecordStore store)
        {
            return;
        }

        int damaged = 0;
        try
        {
            ReadOnlyMemory<byte>? last = null;
            IReadOnlyList<KeyedRecord> page;
            do
            {
                page = await store.ListAsync(Shelf.MainlinePkarr, last, Page, cancellationToken).ConfigureAwait(false);
                damaged += page.Count(row => !TryTake(row));
                last = page.Count > 0 ? page[^1].Key : last;
            }
            while (page.Count == Page && Count < _options.MaxKept);
        }
        catch (StoreUnavailableException exception)
        {
            DaemonLog.KeepingFailed(_logger, exception.Message);
        }

        DaemonLog.PacketsLoaded(_logger, Count, damaged);
    }

    private bool TryTake(KeyedRecord row)
    {
        if (KeptPacket.TryRead(row) is not KeptPacket kept)
        {
            return false;
        }

        lock (_lock)
        {
            if (_kept.Count < _options.MaxKept)
            {
                Set(kept with { DueAt = NextRound(kept.PublishedAt) });
            }
        }

        _cache.Offer(kept.Packet, kept.SeenAt);
        return true;
    }
}
