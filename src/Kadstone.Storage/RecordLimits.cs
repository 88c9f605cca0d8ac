namespace Kadstone.Storage;

/// <summary>What every store takes, and refuses beyond.</summary>
public static class RecordLimits
{
    /// <summary>1,024: the most bytes of a key. The fewest are none: an empty key is a key.</summary>
    public const int MaxKeyLength = 1024;

    /// <summary>65,536: the most bytes of a value.</summary>
    public const int MaxValueLength = 65_536;

    /// <summary>10,000: the most records that one listing returns.</summary>
    public const int MaxListLength = 10_000;

    internal static void CheckShelf(Shelf shelf)
    {
        if (shelf <= Shelf.None)
        {
            throw new ArgumentOutOfRangeException(nameof(shelf), shelf, "A shelf has a number above zero.");
        }
    }

    internal static void Check(Shelf shelf, ReadOnlyMemory<byte> key)
    {
        CheckShelf(shelf);
        if (key.Length > MaxKeyLength)
        {
            throw new ArgumentException($"A key has at most {MaxKeyLength} bytes, this one {key.Length}.", nameof(key));
        }
    }

    internal static void Check(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record)
    {
        Check(shelf, key);
        ArgumentNullException.ThrowIfNull(record);
        if (record.Value.Length > MaxValueLength)
        {
            throw new ArgumentException($"A value has at most {MaxValueLength} bytes, this one {record.Value.Length}.", nameof(record));
        }
    }

    internal static void CheckList(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit)
    {
        Check(shelf, afterKey ?? default);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxListLength);
    }
}
