namespace Kadstone.Storage.Postgres;

/// <summary>The bounds of a <see cref="PostgresRecordStore"/>.</summary>
public sealed record PostgresStoreOptions
{
    /// <summary>The most records of one shelf. Default 10,000,000; at least 1.</summary>
    /// <remarks>Exact for the only head of a database. Of several heads each sees what the others wrote within <see cref="CountInterval"/>.</remarks>
    public long MaxRecordsPerShelf { get; init; } = 10_000_000;

    /// <summary>The most bytes of all shelves: keys, values and <see cref="PostgresRecordStore.RecordOverhead"/> a record. Default 16 GiB; at least 1 MiB.</summary>
    public long MaxBytes { get; init; } = 16L << 30;

    /// <summary>The most records that wait to be written; beyond, a put throws <see cref="StoreFailure.Overloaded"/>. Default 32,768; at least 1.</summary>
    public int MaxQueuedRecords { get; init; } = 32_768;

    /// <summary>How long a call waits for its turn and its answer before it throws <see cref="StoreFailure.Slow"/>. Default 2 s; 1 s to 1 min.</summary>
    /// <remarks>A statement is cancelled on the server after as long, in whole seconds.</remarks>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>In what time all records are counted anew, a 256th of the keys at a time, to learn what other heads wrote. Default 10 min; 1 s to 1 day.</summary>
    public TimeSpan CountInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The most connections to the server, one of which writes. Default 8; 2 to 100. A `Maximum Pool Size` in the connection string goes before it.</summary>
    public int MaxConnections { get; init; } = 8;

    internal PostgresStoreOptions Checked()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecordsPerShelf, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 1 << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Patience, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Patience, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(CountInterval, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CountInterval, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxConnections, 100);
        return this;
    }
}
