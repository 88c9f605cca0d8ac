using Kadstone.Ipfs.Core;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

/// <summary>What the node tells again and again: contents that it provides, values that it keeps. Remembered in the store, so that a restart goes on with it.</summary>
internal sealed class Keeper(IRecordStore store, IpfsOptions options, TimeProvider time, ILogger logger, Keeper.Tell tellProvided, Keeper.TellValue tellValue)
{
    private const int Page = 1000;

    // Four at once, so that a node with many contents neither falls upon the network nor falls behind.
    private const int Lanes = 4;

    // What is kept has no end of its own.
    private static readonly TimeSpan s_forever = TimeSpan.FromDays(365 * 50);

    private readonly Lock _lock = new();
    private readonly Dictionary<ContentKey, DateTimeOffset> _provided = [];
    private readonly Dictionary<ContentKey, DateTimeOffset> _values = [];

    /// <summary>Tells of content.</summary>
    internal delegate Task Tell(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken);

    /// <summary>Puts a value.</summary>
    /// <returns>False when it is no longer worth putting: it is not valid any more, or a better one stands there.</returns>
    internal delegate Task<bool> TellValue(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken);

    /// <summary>Reads what was kept before.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LoadAsync(Shelf.IpfsProvided, _provided, cancellationToken).ConfigureAwait(false);
            await LoadAsync(Shelf.IpfsOwnValues, _values, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException exception)
        {
            IpfsLog.StoreFailed(logger, exception.Message);
        }
    }

    public Task RememberProvidedAsync(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken) =>
        RememberAsync(Shelf.IpfsProvided, _provided, multihash, default, cancellationToken);

    public Task RememberValueAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        RememberAsync(Shelf.IpfsOwnValues, _values, key, value, cancellationToken);

    public async Task<bool> ForgetProvidedAsync(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _provided.Remove(new ContentKey(multihash));
        }

        return await store.DeleteAsync(Shelf.IpfsProvided, multihash, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells again what is due.</summary>
    public async Task TellDueAsync(CancellationToken cancellationToken)
    {
        ContentKey[] provided = Due(_provided, options.ProvideInterval);
        await TellAllAsync(provided, key => TellProvidedAsync(key, cancellationToken), cancellationToken).ConfigureAwait(false);
        await TellAllAsync(Due(_values, options.RecordInterval), key => TellValueAsync(key, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (provided.Length > 0)
        {
            IpfsLog.Retold(logger, provided.Length);
        }
    }

    private async Task TellAllAsync(ContentKey[] due, Func<ContentKey, Task> tell, CancellationToken cancellationToken)
    {
        ParallelOptions lanes = new() { MaxDegreeOfParallelism = Lanes, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            due,
            lanes,
            async (key, token) =>
            {
                try
                {
                    await tell(key).ConfigureAwait(false);
                }
                catch (DhtException)
                {
                    // Nobody is there now: it stays due.
                }
                catch (StoreUnavailableException exception)
                {
                    IpfsLog.StoreFailed(logger, exception.Message);
                }
            }).ConfigureAwait(false);
    }

    private async Task TellProvidedAsync(ContentKey key, CancellationToken cancellationToken)
    {
        await tellProvided(key.Bytes, cancellationToken).ConfigureAwait(false);
        await RememberAsync(Shelf.IpfsProvided, _provided, key.Bytes, default, cancellationToken).ConfigureAwait(false);
    }

    private async Task TellValueAsync(ContentKey key, CancellationToken cancellationToken)
    {
        StoredRecord? stored = await store.GetAsync(Shelf.IpfsOwnValues, key.Bytes, cancellationToken).ConfigureAwait(false);
        if (stored is not null && await tellValue(key.Bytes, stored.Value, cancellationToken).ConfigureAwait(false))
        {
            await RememberAsync(Shelf.IpfsOwnValues, _values, key.Bytes, stored.Value, cancellationToken).ConfigureAwait(false);
            return;
        }

        lock (_lock)
        {
            _values.Remove(key);
        }

        await store.DeleteAsync(Shelf.IpfsOwnValues, key.Bytes, cancellationToken).ConfigureAwait(false);
    }

    private ContentKey[] Due(Dictionary<ContentKey, DateTimeOffset> kept, TimeSpan interval)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            return [.. kept.Where(pair => now - pair.Value >= interval).OrderBy(pair => pair.Value).Select(pair => pair.Key)];
        }
    }

    private async Task RememberAsync(Shelf shelf, Dictionary<ContentKey, DateTimeOffset> kept, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await store.PutAsync(shelf, key, new StoredRecord(value, now.UtcTicks, now + s_forever, now), null, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            kept[new ContentKey(key.ToArray())] = now;
        }
    }

    private async Task LoadAsync(Shelf shelf, Dictionary<ContentKey, DateTimeOffset> kept, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? last = null;
        IReadOnlyList<KeyedRecord> page;
        do
        {
            page = await store.ListAsync(shelf, last, Page, cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                foreach (KeyedRecord record in page)
                {
                    kept.TryAdd(new ContentKey(record.Key), record.Record.StoredAt);
                }
            }

            last = page.Count > 0 ? page[^1].Key : last;
        }
        while (page.Count == Page);
    }
}
