using Kadstone.Storage;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>A store in memory that notes which infohashes a node journals.</summary>
internal sealed class JournalWatch(ToldTimes told) : IRecordStore
{
    private readonly MemoryRecordStore _store = new();

    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default)
    {
        foreach (RecordPut put in puts.Where(put => put.Shelf == Shelf.MainlinePeers))
        {
            told.Note(put.Key);
        }

        return _store.PutManyAsync(puts, cancellationToken);
    }

    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => _store.GetAsync(shelf, key, cancellationToken);

    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        _store.PutAsync(shelf, key, record, expectedSequence, cancellationToken);

    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) =>
        _store.ListAsync(shelf, afterKey, limit, cancellationToken);

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => _store.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => _store.DeleteAsync(shelf, key, cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => _store.SweepAsync(now, cancellationToken);

    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
