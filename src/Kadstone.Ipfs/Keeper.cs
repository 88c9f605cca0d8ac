using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

/// <summary>What the node tells again and again: contents that it provides, values that it keeps. Remembered in the store, so that a restart goes on with it.</summary>
internal sealed class Keeper(IRecordStore store, IpfsOptions options, TimeProvider time, ILogger logger, NameRenewal renewal, Keeper.TellRegion tellRegion, Keeper.TellValue tellValue)
{
    /// <summary>How often <see cref="TellDueAsync"/> is to be called.</summary>
    internal static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    private const int Page = 1000;

    // Four at once, so that a node with many values neither falls upon the network nor falls behind.
    private const int Lanes = 4;

    // What is kept has no end of its own.
    private static readonly TimeSpan s_forever = TimeSpan.FromDays(365 * 50);

    private readonly Lock _lock = new();
    private readonly RetellSchedule _provided = new(options.ProvideInterval, Turn);

    // When each is due.
    private readonly Dictionary<ContentKey, DateTimeOffset> _values = [];

    /// <summary>What may be told with a content, given the leading bits that their keys share.</summary>
    internal delegate IReadOnlyList<ContentKey> Neighbours(Key256 place, int bits);

    /// <summary>Tells of a content and of its neighbours.</summary>
    /// <returns>Those that somebody was told of.</returns>
    internal delegate Task<IReadOnlyList<ContentKey>> TellRegion(ContentKey content, Neighbours neighbours, CancellationToken cancellationToken);

    /// <summary>Puts a value.</summary>
    /// <returns>False when it is no longer worth putting: it is not valid any more, or a better one stands there.</returns>
    internal delegate Task<bool> TellValue(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken);

    private delegate void Note(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, DateTimeOffset told);

    /// <summary>How many contents are told of again and again.</summary>
    public int Provided => Read(() => _provided.Count);

    /// <summary>Reads what was kept before.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LoadAsync(Shelf.IpfsProvided, (key, _, told) => _provided.Told(key, told), cancellationToken).ConfigureAwait(false);
            await LoadAsync(Shelf.IpfsOwnValues, (key, value, told) => _values.TryAdd(new ContentKey(key), NextOf(key, value, told)), cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException exception)
        {
            IpfsLog.StoreFailed(logger, exception.Message);
        }
    }

    public Task RememberProvidedAsync(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken) =>
        RememberAsync(Shelf.IpfsProvided, (key, _, told) => _provided.Told(key, told), multihash, default, cancellationToken);

    public Task RememberValueAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        RememberAsync(Shelf.IpfsOwnValues, NoteValue, key, value, cancellationToken);

    public async Task<bool> ForgetValueAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _values.Remove(new ContentKey(key));
        }

        return await store.DeleteAsync(Shelf.IpfsOwnValues, key, cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> ForgetProvidedAsync(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _provided.Forget(multihash);
        }

        return await store.DeleteAsync(Shelf.IpfsProvided, multihash, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells again what is due.</summary>
    public async Task TellDueAsync(CancellationToken cancellationToken)
    {
        await TellProvidedAsync(cancellationToken).ConfigureAwait(false);
        await TellAllAsync(DueValues(), key => TellValueAsync(key, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    // Region after region: what was told with the one before is not told again.
    private async Task TellProvidedAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        int count = 0;
        foreach (ContentKey content in Read(() => _provided.Due(now)))
        {
            if (!Read(() => _provided.IsRipe(content, now)))
            {
                continue;
            }

            try
            {
                Neighbours neighbours = (place, bits) => Read(() => _provided.InRegion(place, bits, now));
                foreach (ContentKey told in await tellRegion(content, neighbours, cancellationToken).ConfigureAwait(false))
                {
                    // Whoever stopped providing it meanwhile wants it neither told nor kept.
                    if (Read(() => _provided.IsRipe(told, now)))
                    {
                        await RememberProvidedAsync(told.Bytes, cancellationToken).ConfigureAwait(false);
                        count++;
                    }
                }
            }
            catch (DhtException)
            {
                // Nobody is there now: it stays due, and so does the rest.
                break;
            }
            catch (StoreUnavailableException exception)
            {
                IpfsLog.StoreFailed(logger, exception.Message);
                break;
            }
        }

        if (count > 0)
        {
            IpfsLog.Retold(logger, count);
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
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

    private async Task TellValueAsync(ContentKey key, CancellationToken cancellationToken)
    {
        StoredRecord? stored = await store.GetAsync(Shelf.IpfsOwnValues, key.Bytes, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> value = stored is null ? default : renewal.Renew(key.Bytes, stored.Value, time.GetUtcNow());
        bool isWorthTelling = stored is not null && await tellValue(key.Bytes, value, cancellationToken).ConfigureAwait(false);

        // Who gave it up or kept another one meanwhile has said what is to be told from now on.
        StoredRecord? now = await store.GetAsync(Shelf.IpfsOwnValues, key.Bytes, cancellationToken).ConfigureAwait(false);
        if (stored is not null && (now is null || !now.Value.Span.SequenceEqual(stored.Value.Span)))
        {
            return;
        }

        if (isWorthTelling)
        {
            await RememberValueAsync(key.Bytes, value, cancellationToken).ConfigureAwait(false);
            return;
        }

        IpfsLog.ToldNoMore(logger, Convert.ToHexStringLower(key.Bytes.Span));
        await ForgetValueAsync(key.Bytes, cancellationToken).ConfigureAwait(false);
    }

    private ContentKey[] DueValues()
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            return [.. _values.Where(pair => pair.Value <= now).OrderBy(pair => pair.Value).Select(pair => pair.Key)];
        }
    }

    private void NoteValue(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, DateTimeOffset told) =>
        _values[new ContentKey(key.ToArray())] = NextOf(key, value, told);

    // What is signed anew is not left to its end: half of a short life is over first.
    private DateTimeOffset NextOf(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, DateTimeOffset told)
    {
        DateTimeOffset usual = told + options.RecordInterval;
        DateTimeOffset middle = renewal.EndOf(key, value) is DateTimeOffset end ? told + ((end - told) / 2) : usual;
        return middle < usual ? middle : usual;
    }

    private async Task RememberAsync(Shelf shelf, Note note, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await store.PutAsync(shelf, key, new StoredRecord(value, now.UtcTicks, now + s_forever, now), null, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            note(key, value, now);
        }
    }

    private async Task LoadAsync(Shelf shelf, Note note, CancellationToken cancellationToken)
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
                    note(record.Key, record.Record.Value, record.Record.StoredAt);
                }
            }

            last = page.Count > 0 ? page[^1].Key : last;
        }
        while (page.Count == Page);
    }
}
