namespace Kadstone.Storage;

/// <summary>A record store in memory: bounded, gone with the process.</summary>
/// <remarks>
/// A full shelf, or a full store, refuses new records with <see cref="PutResult.Full"/> and keeps what it has, its own and older
/// records: who floods it gains nothing. Expired records make room first, those of the same shelf before others.
/// </remarks>
public sealed class MemoryRecordStore : IRecordStore
{
    /// <summary>256: the bytes that a record is counted for beside its key and value, about what the runtime needs for it.</summary>
    public const int RecordOverhead = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<Shelf, Entries> _shelves = [];
    private readonly MemoryStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private long _bytes;
    private bool _isDisposed;

    /// <summary>An empty store.</summary>
    /// <param name="options">The bounds; null takes the defaults.</param>
    /// <param name="timeProvider">The clock that decides what has expired; null takes the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public MemoryRecordStore(MemoryStoreOptions? options = null, TimeProvider? timeProvider = null)
    {
        _options = (options ?? new MemoryStoreOptions()).Checked();
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        lock (_lock)
        {
            Entry? entry = OpenShelf(shelf).Find(key);
            return ValueTask.FromResult(entry is not null && entry.Record.Expires > now ? entry.Record : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key, record);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        lock (_lock)
        {
            return ValueTask.FromResult(PutNeedsLock(shelf, key, record, expectedSequence, now));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(puts);
        foreach (RecordPut put in puts)
        {
            RecordLimits.Check(put.Shelf, put.Key, put.Record);
        }

        PutResult[] results = new PutResult[puts.Count];
        for (int i = 0; i < results.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RecordPut put = puts[i];
            DateTimeOffset now = _timeProvider.GetUtcNow();
            lock (_lock)
            {
                results[i] = PutNeedsLock(put.Shelf, put.Key, put.Record, put.ExpectedSequence, now);
            }
        }

        return ValueTask.FromResult<IReadOnlyList<PutResult>>(results);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default)
    {
        RecordLimits.CheckList(shelf, afterKey, limit);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        List<KeyedRecord> page = [];
        lock (_lock)
        {
            foreach (Entry entry in OpenShelf(shelf).From(afterKey))
            {
                bool isAfter = afterKey is not ReadOnlyMemory<byte> after || !entry.Key.Span.SequenceEqual(after.Span);
                if (isAfter && entry.Record.Expires > now)
                {
                    page.Add(new KeyedRecord(entry.Key, entry.Record));
                    if (page.Count == limit)
                    {
                        break;
                    }
                }
            }
        }

        return ValueTask.FromResult<IReadOnlyList<KeyedRecord>>(page);
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default)
    {
        RecordLimits.CheckShelf(shelf);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult((long)OpenShelf(shelf).Count);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        lock (_lock)
        {
            Entries entries = OpenShelf(shelf);
            if (entries.Find(key) is not Entry entry)
            {
                return ValueTask.FromResult(false);
            }

            entries.Remove(entry);
            _bytes -= entry.Size;
            return ValueTask.FromResult(entry.Record.Expires > now);
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        int removed = 0;
        int removedNow;
        do
        {
            // A thousand at a time, so that a put between them waits for microseconds.
            cancellationToken.ThrowIfCancellationRequested();
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                removedNow = EvictNeedsLock(_shelves.Values, now, atMost: 1000);
            }

            removed += removedNow;
        }
        while (removedNow > 0);

        return ValueTask.FromResult(removed);
    }

    /// <summary>Drops all records; later calls throw <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _shelves.Clear();
            _bytes = 0;
        }

        return ValueTask.CompletedTask;
    }

    private PutResult PutNeedsLock(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence, DateTimeOffset now)
    {
        Entries entries = OpenShelf(shelf);
        Entry? entry = entries.Find(key);
        PutResult result = entry is not null && entry.Record.Expires > now
            ? PutRule.OnStored(entry.Record.Sequence, entry.Record.Value.Span, record, expectedSequence, now)
            : PutRule.OnEmpty(record, now);
        if (result != PutResult.Stored)
        {
            return result;
        }

        int size = key.Length + record.Value.Length + RecordOverhead;
        int growth = size - (entry?.Size ?? 0);
        if (!HasRoom())
        {
            _ = EvictNeedsLock([entries], now, int.MaxValue);
            if (!HasRoom())
            {
                _ = EvictNeedsLock(_shelves.Values, now, int.MaxValue);
            }

            // An expired record under this very key may be among the evicted.
            entry = entries.Find(key);
            growth = size - (entry?.Size ?? 0);
            if (!HasRoom())
            {
                return PutResult.Full;
            }
        }

        if (entry is not null)
        {
            entries.Remove(entry);
        }

        entries.Add(new Entry(entry?.Key ?? key.ToArray(), record with { Value = record.Value.ToArray() }));
        _bytes += growth;
        return PutResult.Stored;

        bool HasRoom() =>
            (entry is not null || entries.Count < _options.MaxRecordsPerShelf)
            && (growth <= 0 || _bytes + growth <= _options.MaxBytes);
    }

    private int EvictNeedsLock(IEnumerable<Entries> shelves, DateTimeOffset now, int atMost)
    {
        int evicted = 0;
        foreach (Entries entries in shelves)
        {
            while (evicted < atMost && entries.FirstToExpire is Entry entry && entry.Record.Expires <= now)
            {
                entries.Remove(entry);
                _bytes -= entry.Size;
                evicted++;
            }
        }

        return evicted;
    }

    private Entries OpenShelf(Shelf shelf)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_shelves.TryGetValue(shelf, out Entries? entries))
        {
            _shelves.Add(shelf, entries = new Entries());
        }

        return entries;
    }

    private sealed record Entry(ReadOnlyMemory<byte> Key, StoredRecord Record)
    {
        public int Size => Key.Length + Record.Value.Length + RecordOverhead;
    }

    /// <summary>One shelf, ordered by key for listings and by expiry for sweeps.</summary>
    private sealed class Entries
    {
        private static readonly Comparer<Entry> s_byKey = Comparer<Entry>.Create(CompareKeys);
        private static readonly Comparer<Entry> s_byExpiry = Comparer<Entry>.Create((left, right) =>
        {
            int order = left.Record.Expires.CompareTo(right.Record.Expires);
            return order != 0 ? order : CompareKeys(left, right);
        });

        private static readonly StoredRecord s_nothing = new(default, 0, default, default);

        // Above every key that a store takes.
        private static readonly Entry s_end = new(Enumerable.Repeat(byte.MaxValue, RecordLimits.MaxKeyLength + 1).ToArray(), s_nothing);

        private readonly SortedSet<Entry> _byKey = new(s_byKey);
        private readonly SortedSet<Entry> _byExpiry = new(s_byExpiry);

        public int Count => _byKey.Count;

        public Entry? FirstToExpire => _byExpiry.Min;

        public Entry? Find(ReadOnlyMemory<byte> key) => _byKey.TryGetValue(new Entry(key, s_nothing), out Entry? entry) ? entry : null;

        public SortedSet<Entry> From(ReadOnlyMemory<byte>? key) =>
            key is ReadOnlyMemory<byte> first ? _byKey.GetViewBetween(new Entry(first, s_nothing), s_end) : _byKey;

        public void Add(Entry entry)
        {
            _ = _byKey.Add(entry);
            _ = _byExpiry.Add(entry);
        }

        public void Remove(Entry entry)
        {
            _ = _byKey.Remove(entry);
            _ = _byExpiry.Remove(entry);
        }

        private static int CompareKeys(Entry left, Entry right) => left.Key.Span.SequenceCompareTo(right.Key.Span);
    }
}
