using Kadstone.Storage;

namespace Kadstone.Hosting.Networks;

/// <summary>A store that others share: what this node itself was told to keep stands under its name, so that no other head takes it for its own.</summary>
/// <remarks>
/// What is kept for strangers is everybody's: each head answers with it. An announcement is not: told by another head it would name that head's
/// address, and whoever provides a content has it.
/// </remarks>
internal sealed class HeadStore : IRecordStore
{
    // No key of these shelves begins with it otherwise: ids are hexadecimal digits, values' keys are paths, multihashes begin with a low number.
    private const byte Mark = 0xff;
    private const int Page = 1000;

    private static readonly Shelf[] s_own = [Shelf.IpfsProvided, Shelf.IpfsOwnValues, Shelf.DaemonPublications];

    private readonly IRecordStore _store;
    private readonly byte[] _name;

    private HeadStore(IRecordStore store, ReadOnlySpan<byte> name)
    {
        _store = store;
        _name = [Mark, .. name];
    }

    /// <summary>Takes the store, and for its own what stands there under nobody's name: an earlier version knew but one head.</summary>
    /// <param name="store">The store; closed if it cannot be read.</param>
    /// <param name="name">What this node's own keys begin with. It stays when the node's data folder moves.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read or written.</exception>
    internal static async Task<HeadStore> OpenAsync(IRecordStore store, ReadOnlyMemory<byte> name, CancellationToken cancellationToken)
    {
        HeadStore head = new(store, name.Span);
        try
        {
            foreach (Shelf shelf in s_own)
            {
                await head.AdoptAsync(shelf, cancellationToken).ConfigureAwait(false);
            }

            return head;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => _store.GetAsync(shelf, Named(shelf, key), cancellationToken);

    public ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        _store.PutAsync(shelf, Named(shelf, key), record, expectedSequence, cancellationToken);

    public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default) =>
        _store.PutManyAsync(puts.Any(put => IsOwn(put.Shelf)) ? [.. puts.Select(put => put with { Key = Named(put.Shelf, put.Key) })] : puts, cancellationToken);

    public async ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default)
    {
        if (!IsOwn(shelf))
        {
            return await _store.ListAsync(shelf, afterKey, limit, cancellationToken).ConfigureAwait(false);
        }

        // Nothing of ours has an empty key: all of it comes after the name alone.
        IReadOnlyList<KeyedRecord> page = await _store.ListAsync(shelf, Named(shelf, afterKey ?? default), limit, cancellationToken).ConfigureAwait(false);
        return [.. page.TakeWhile(record => record.Key.Span.StartsWith(_name)).Select(record => record with { Key = record.Key[_name.Length..] })];
    }

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => _store.CountAsync(shelf, cancellationToken);

    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => _store.DeleteAsync(shelf, Named(shelf, key), cancellationToken);

    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => _store.SweepAsync(now, cancellationToken);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task AdoptAsync(Shelf shelf, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? last = null;
        KeyedRecord[] nobodys;
        do
        {
            IReadOnlyList<KeyedRecord> page = await _store.ListAsync(shelf, last, Page, cancellationToken).ConfigureAwait(false);
            nobodys = [.. page.TakeWhile(record => record.Key.IsEmpty || record.Key.Span[0] != Mark)];
            foreach (KeyedRecord record in nobodys)
            {
                last = record.Key;

                // Of several heads that start at once it is whose delete removed it.
                if (await PutAsync(shelf, record.Key, record.Record, null, cancellationToken).ConfigureAwait(false) != PutResult.Full
                    && !await _store.DeleteAsync(shelf, record.Key, cancellationToken).ConfigureAwait(false))
                {
                    await DeleteAsync(shelf, record.Key, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        while (nobodys.Length == Page);
    }

    // A relay's packets are none: any head may put them again, as their authors signed them.
    private static bool IsOwn(Shelf shelf) => s_own.Contains(shelf);

    private ReadOnlyMemory<byte> Named(Shelf shelf, ReadOnlyMemory<byte> key) => IsOwn(shelf) ? (byte[])[.. _name, .. key.Span] : key;
}
