using Kadstone.Storage;

namespace Kadstone.Hosting.Networks;

/// <summary>A store that others share: what this node itself was told to keep stands under its name, so that no other head takes it for its own.</summary>
/// <remarks>
/// What is kept for strangers is everybody's: each head answers with it. An announcement is not: told by another head it would name that head's
/// address, and whoever provides a content has it.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="name">What this node's own keys begin with. It stays when the node's data folder moves.</param>
internal sealed class HeadStore(IRecordStore store, ReadOnlyMemory<byte> name) : IRecordStore
{
    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => store.GetAsync(shelf, Named(shelf, key), cancellationToken);

    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        store.PutAsync(shelf, Named(shelf, key), record, expectedSequence, cancellationToken);

    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default) =>
        store.PutManyAsync(puts.Any(put => IsOwn(put.Shelf)) ? [.. puts.Select(put => put with { Key = Named(put.Shelf, put.Key) })] : puts, cancellationToken);

    public async ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default)
    {
        if (!IsOwn(shelf))
        {
            return await store.ListAsync(shelf, afterKey, limit, cancellationToken).ConfigureAwait(false);
        }

        // Nothing of ours has an empty key: all of it comes after the name alone.
        IReadOnlyList<KeyedRecord> page = await store.ListAsync(shelf, Named(shelf, afterKey ?? default), limit, cancellationToken).ConfigureAwait(false);
        return [.. page.TakeWhile(record => record.Key.Span.StartsWith(name.Span)).Select(record => record with { Key = record.Key[name.Length..] })];
    }

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => store.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => store.DeleteAsync(shelf, Named(shelf, key), cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => store.SweepAsync(now, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    // A relay's packets are none: any head may put them again, as their authors signed them.
    private static bool IsOwn(Shelf shelf) => shelf is Shelf.IpfsProvided or Shelf.IpfsOwnValues or Shelf.DaemonPublications;

    private ReadOnlyMemory<byte> Named(Shelf shelf, ReadOnlyMemory<byte> key) => IsOwn(shelf) ? (byte[])[.. name.Span, .. key.Span] : key;
}
