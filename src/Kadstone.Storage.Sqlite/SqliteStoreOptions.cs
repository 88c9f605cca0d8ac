namespace Kadstone.Storage.Sqlite;

/// <summary>The bounds of a <see cref="SqliteRecordStore"/>.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>The most records of one shelf. Default 1,000,000; at least 1.</summary>
    public long MaxRecordsPerShelf { get; init; } = 1_000_000;

    /// <summary>About how large the file grows. Default 1 GiB; at least 1 MiB. The write-ahead log beside it adds an eighth, at most 128 MiB, and what one transaction writes.</summary>
    /// <remarks>Each record is counted for what it takes in pages that are two thirds full, as SQLite keeps them, and its lines in the indexes.</remarks>
    public long MaxFileBytes { get; init; } = 1 << 30;

    /// <summary>The most records that wait to be written; beyond, a put throws <see cref="StoreFailure.Overloaded"/>. Default 32,768; at least 1.</summary>
    public int MaxQueuedRecords { get; init; } = 32_768;

    /// <summary>How long a call waits for its turn and its commit before it throws <see cref="StoreFailure.Slow"/>. Default 2 s; above 0.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a transaction waits for another process to let go of the file. Default 750 ms; 0 to <see cref="Patience"/>.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromMilliseconds(750);

    /// <summary>How many reads run at once. Default 2; 1 to 64.</summary>
    public int Readers { get; init; } = 2;

    internal SqliteStoreOptions Checked()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecordsPerShelf, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFileBytes, 1 << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Patience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(BusyTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BusyTimeout, Patience);
        ArgumentOutOfRangeException.ThrowIfLessThan(Readers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Readers, 64);
        return this;
    }
}
