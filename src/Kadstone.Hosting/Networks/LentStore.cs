using Kadstone.Storage;

namespace Kadstone.Hosting.Networks;

/// <summary>One store for several networks: each has shelves of its own, and none closes it for the others.</summary>
internal sealed class LentStore(IRecordStore store) : IRecordStore
{
    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => store.GetAsync(shelf, key, cancellationToken);

    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        store.PutAsync(shelf, key, record, expectedSequence, cancellationToken);

    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default) => store.PutManyAsync(puts, cancellationToken);

    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) =>
        store.ListAsync(shelf, afterKey, limit, cancellationToken);

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => store.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => store.DeleteAsync(shelf, key, cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => store.SweepAsync(now, cancellationToken);

    // Whoever lent it closes it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
