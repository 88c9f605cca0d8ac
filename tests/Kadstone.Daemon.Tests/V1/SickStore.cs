using Kadstone.Storage;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>A store in memory whose disk goes away when the test says so.</summary>
internal sealed class SickStore : IRecordStore
{
    private readonly MemoryRecordStore _store = new();

    public volatile bool IsSick;

    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => Well().GetAsync(shelf, key, cancellationToken);

    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        Well().PutAsync(shelf, key, record, expectedSequence, cancellationToken);

    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default) => Well().PutManyAsync(puts, cancellationToken);

    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) =>
        Well().ListAsync(shelf, afterKey, limit, cancellationToken);

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => _store.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => Well().DeleteAsync(shelf, key, cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => Well().SweepAsync(now, cancellationToken);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private MemoryRecordStore Well() => IsSick ? throw new StoreUnavailableException("The disk is gone.") : _store;
}
