using System.Security.Cryptography;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1;

/// <summary>What is in the store, for people: counts, pages, and where in the keyspace it lies.</summary>
internal sealed class RecordDesk(IRecordStore store, TimeProvider time) : IDisposable
{
    // A shelf of more is looked at in part.
    private const int MaxCounted = 10_000;
    private const int PageLength = 1000;

    // Of each 256th of the keyspace so many records tell how dense it is.
    private const int SampleLength = 32;

    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _counting = new(1, 1);
    private DensityAnswer? _density;
    private long _densityAt;

    public void Dispose() => _counting.Dispose();

    /// <summary>One page. The cursor is the shelf and the key of the last record before it.</summary>
    public async Task<RecordsAnswer> ListAsync(string? shelfName, string? after, int limit, CancellationToken cancellationToken)
    {
        IReadOnlyList<Shelf> shelves = shelfName is null ? ShelfNames.All
            : [ShelfOf(shelfName)];
        (Shelf from, ReadOnlyMemory<byte>? key) = after is null ? (Shelf.None, null) : ReadCursor(after);
        List<RecordAnswer> records = [];
        string? next = null;
        foreach (Shelf shelf in shelves.Where(shelf => shelf >= from))
        {
            int room = limit - records.Count;
            IReadOnlyList<KeyedRecord> page = await store.ListAsync(shelf, shelf == from ? key : null, room + 1, cancellationToken).ConfigureAwait(false);
            records.AddRange(page.Take(room).Select(record => AnswerOf(shelf, record)));
            if (page.Count > room)
            {
                // Right at the border of two shelves the page is full, and the next begins with this shelf.
                next = records.Count > 0 && room > 0 ? $"{records[^1].Shelf}:{records[^1].Key}" : $"{ShelfNames.Of(shelf)}:";
                break;
            }
        }

        return new RecordsAnswer(await CountsAsync(cancellationToken).ConfigureAwait(false), records, next);
    }

    /// <summary>One record with its value.</summary>
    public async Task<StoredValueAnswer> GetAsync(string shelfName, string keyText, CancellationToken cancellationToken)
    {
        Shelf shelf = ShelfOf(shelfName);
        if (!TryReadKey(keyText, out byte[] key) || key.Length == 0)
        {
            throw new V1Exception(400, $"'{Shown.Of(keyText)}' is no key of a record; an even number of hexadecimal digits is expected, 2 to {RecordLimits.MaxKeyLength * 2}.");
        }

        StoredRecord record = await store.GetAsync(shelf, key, cancellationToken).ConfigureAwait(false)
            ?? throw new V1Exception(404, $"Nothing is stored under {Shown.Of(keyText)} on the shelf {shelfName}; GET /v1/records lists what is.");
        return new StoredValueAnswer(
            shelfName,
            Convert.ToHexStringLower(key),
            record.Value.Length,
            record.Sequence,
            record.Expires,
            ShelfNames.IsOwn(shelf),
            record.Value,
            DaemonNetwork.TextOf(record.Value.Span));
    }

    public async Task<IReadOnlyList<ShelfCount>> CountsAsync(CancellationToken cancellationToken)
    {
        List<ShelfCount> counts = [];
        foreach (Shelf shelf in ShelfNames.All)
        {
            counts.Add(new ShelfCount(ShelfNames.Of(shelf), await store.CountAsync(shelf, cancellationToken).ConfigureAwait(false)));
        }

        return counts;
    }

    /// <summary>How many records lie where. One count at a time, and none younger than ten seconds is repeated: asking often costs the store nothing.</summary>
    public async Task<DensityAnswer> DensityAsync(CancellationToken cancellationToken)
    {
        await _counting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_density is null || time.GetElapsedTime(_densityAt) > s_freshness)
            {
                List<ShelfDensity> shelves = [];
                foreach (Shelf shelf in ShelfNames.All)
                {
                    shelves.Add(await DensityAsync(shelf, cancellationToken).ConfigureAwait(false));
                }

                _density = new DensityAnswer(shelves);
                _densityAt = time.GetTimestamp();
            }

            return _density;
        }
        finally
        {
            _counting.Release();
        }
    }

    private async Task<ShelfDensity> DensityAsync(Shelf shelf, CancellationToken cancellationToken)
    {
        long count = await store.CountAsync(shelf, cancellationToken).ConfigureAwait(false);
        return count > MaxCounted && !ShelfNames.IsHashed(shelf)
            ? new ShelfDensity(ShelfNames.Of(shelf), await SampleAsync(shelf, cancellationToken).ConfigureAwait(false), true)
            : await CountAsync(shelf, count, cancellationToken).ConfigureAwait(false);
    }

    // Hashed keys lie in no order of the keyspace, so that the first of them are as good a sample as any.
    private async Task<ShelfDensity> CountAsync(Shelf shelf, long count, CancellationToken cancellationToken)
    {
        long[] counts = new long[256];
        int read = 0;
        ReadOnlyMemory<byte>? last = null;
        IReadOnlyList<KeyedRecord> page;
        do
        {
            page = await store.ListAsync(shelf, last, PageLength, cancellationToken).ConfigureAwait(false);
            foreach (KeyedRecord record in page)
            {
                counts[FirstByte(shelf, record.Key.Span)]++;
            }

            read += page.Count;
            last = page.Count > 0 ? page[^1].Key : last;
        }
        while (page.Count == PageLength && read < MaxCounted);

        if (read < MaxCounted || count <= read)
        {
            return new ShelfDensity(ShelfNames.Of(shelf), counts, false);
        }

        double scale = (double)count / read;
        return new ShelfDensity(ShelfNames.Of(shelf), [.. counts.Select(one => (long)Math.Round(one * scale))], true);
    }

    private async Task<long[]> SampleAsync(Shelf shelf, CancellationToken cancellationToken)
    {
        long[] counts = new long[256];
        for (int first = 0; first < 256; first++)
        {
            // The key of one byte stands before all that begin with it.
            IReadOnlyList<KeyedRecord> page = await store.ListAsync(shelf, new[] { (byte)first }, SampleLength, cancellationToken).ConfigureAwait(false);
            int inside = page.Count(record => record.Key.Length > 0 && record.Key.Span[0] == first);
            if (inside < SampleLength)
            {
                counts[first] = inside;
                continue;
            }

            // So many fill this part of the 256th; the rest is as dense.
            ReadOnlySpan<byte> last = page[^1].Key.Span;
            double part = ((last.Length > 1 ? last[1] : 0) * 65_536 + (last.Length > 2 ? last[2] : 0) * 256 + (last.Length > 3 ? last[3] : 0) + 1) / 16_777_216d;
            counts[first] = (long)Math.Round(inside / part);
        }

        return counts;
    }

    private static byte FirstByte(Shelf shelf, ReadOnlySpan<byte> key) =>
        ShelfNames.IsHashed(shelf) ? SHA256.HashData(key)[0] : key.IsEmpty ? (byte)0 : key[0];

    private static RecordAnswer AnswerOf(Shelf shelf, KeyedRecord record) => new(
        ShelfNames.Of(shelf),
        Convert.ToHexStringLower(record.Key.Span),
        record.Record.Value.Length,
        record.Record.Sequence,
        record.Record.Expires,
        ShelfNames.IsOwn(shelf));

    private static Shelf ShelfOf(string name) => ShelfNames.TryRead(name, out Shelf shelf)
        ? shelf
        : throw new V1Exception(400, $"There is no shelf '{Shown.Of(name)}'; there are {string.Join(", ", ShelfNames.All.Select(ShelfNames.Of))}.");

    private static bool TryReadKey(string digits, out byte[] key)
    {
        bool canBe = digits.Length <= RecordLimits.MaxKeyLength * 2 && digits.Length % 2 == 0;
        key = canBe ? new byte[digits.Length / 2] : [];
        return canBe && Convert.FromHexString(digits, key, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    private static (Shelf From, ReadOnlyMemory<byte>? Key) ReadCursor(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && ShelfNames.TryRead(text[..colon], out Shelf shelf) && TryReadKey(text[(colon + 1)..], out byte[] key))
        {
            return (shelf, key.Length == 0 ? null : key);
        }

        throw new V1Exception(400, $"after is '{Shown.Of(text)}', which is no cursor; the next of an answer before is allowed.");
    }
}
