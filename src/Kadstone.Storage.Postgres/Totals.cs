using System.Collections.Concurrent;

namespace Kadstone.Storage.Postgres;

/// <summary>How many records and bytes each shelf holds, by slice of the keys: counted at the start, kept by our own writes, counted anew a slice at a time.</summary>
/// <remarks>Written by the writer alone; <see cref="CountOf"/> is read by anybody.</remarks>
internal sealed class Totals
{
    /// <summary>One for each first byte of a key. An empty key counts with the first.</summary>
    public const int Slices = 256;

    private readonly ConcurrentDictionary<Shelf, ShelfTotals> _shelves = [];

    public ICollection<Shelf> Shelves => _shelves.Keys;

    /// <summary>The bytes of all shelves.</summary>
    public long Bytes { get; private set; }

    public long CountOf(Shelf shelf) => _shelves.TryGetValue(shelf, out ShelfTotals? totals) ? Volatile.Read(ref totals.Records) : 0;

    public static int SliceOf(ReadOnlySpan<byte> key) => key.IsEmpty ? 0 : key[0];

    /// <summary>What a record takes of <see cref="PostgresStoreOptions.MaxBytes"/>.</summary>
    public static long RecordBytes(int keyLength, int valueLength) => keyLength + valueLength + PostgresRecordStore.RecordOverhead;

    public void Add(Shelf shelf, int slice, long records, long bytes)
    {
        ShelfTotals totals = _shelves.GetOrAdd(shelf, static _ => new ShelfTotals());
        totals.SliceRecords[slice] += records;
        totals.SliceBytes[slice] += bytes;
        Volatile.Write(ref totals.Records, totals.Records + records);
        Bytes += bytes;
    }

    /// <summary>Forgets a slice, which is about to be counted.</summary>
    public void Clear(int slice)
    {
        foreach ((Shelf shelf, ShelfTotals totals) in _shelves)
        {
            Add(shelf, slice, -totals.SliceRecords[slice], -totals.SliceBytes[slice]);
        }
    }

    private sealed class ShelfTotals
    {
        public readonly long[] SliceRecords = new long[Slices];
        public readonly long[] SliceBytes = new long[Slices];
        public long Records;
    }
}
