namespace Kadstone.Storage;

/// <summary>Records by shelf and key, with versions and expiry. One contract; the memory, SQLite and PostgreSQL stores keep it alike.</summary>
/// <remarks>
/// <para>Safe for concurrent use. Each put is atomic, also in a batch: of many that expect the same sequence exactly one is stored.
/// Reads see every put that was answered before they began.</para>
/// <para>A record that has expired by the store's own clock is invisible, and absent to a put, even before a sweep removes it.</para>
/// <para>A store at its cap refuses the new and keeps the old: only expired records make room (first those of the same shelf).</para>
/// <para>The store copies keys and values; the caller may reuse its buffers when a call has returned its task. A durable store answers
/// a put after the commit. When a put throws, cancelled or <see cref="StoreUnavailableException"/>, it may have been stored or not.</para>
/// </remarks>
public interface IRecordStore : IAsyncDisposable
{
    /// <summary>The record under <paramref name="key"/>, or null if none stands there or it has expired.</summary>
    /// <exception cref="ArgumentException">The key is longer than <see cref="RecordLimits.MaxKeyLength"/>.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be read now.</exception>
    ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Stores <paramref name="record"/> if it is news, under the rules of <see cref="PutResult"/>.</summary>
    /// <param name="shelf">The shelf.</param>
    /// <param name="key">The key.</param>
    /// <param name="record">The record.</param>
    /// <param name="expectedSequence">Compare and swap (BEP 44 `cas`): if something stands there, it must have this sequence. Null: no comparison.</param>
    /// <param name="cancellationToken">Gives up waiting; the record may be stored nevertheless.</param>
    /// <exception cref="ArgumentException">The key or the value is longer than <see cref="RecordLimits"/> allows.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be written now.</exception>
    ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default);

    /// <summary>Puts in the order given, each under the rules of <see cref="PutAsync"/>; the results stand in the same order.</summary>
    /// <remarks>The fast way in: one commit for thousands. A batch is not a transaction: when it throws, a beginning of it may have been stored.</remarks>
    /// <exception cref="ArgumentException">A key or a value is longer than <see cref="RecordLimits"/> allows; nothing was stored.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be written now.</exception>
    ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default);

    /// <summary>The next records of a shelf in the order of their keys' bytes; fewer than <paramref name="limit"/> when there are no more.</summary>
    /// <param name="shelf">The shelf.</param>
    /// <param name="afterKey">The last key of the page before; null begins at the first key.</param>
    /// <param name="limit">1 to <see cref="RecordLimits.MaxListLength"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is out of range.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be read now.</exception>
    ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default);

    /// <summary>About how many records a shelf holds, the expired that no sweep removed yet among them. Cheap; for display and caps.</summary>
    ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default);

    /// <summary>Removes the record under <paramref name="key"/>; false if none stood there or it had expired.</summary>
    /// <exception cref="ArgumentException">The key is longer than <see cref="RecordLimits.MaxKeyLength"/>.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be written now.</exception>
    ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Removes what expires at <paramref name="now"/> or before, on all shelves, and returns how many that were. Puts are not held up by it.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be written now; what was removed stays removed.</exception>
    ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default);
}
