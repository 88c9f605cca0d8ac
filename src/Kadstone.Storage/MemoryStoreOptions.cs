namespace Kadstone.Storage;

/// <summary>The bounds of a <see cref="MemoryRecordStore"/>.</summary>
public sealed record MemoryStoreOptions
{
    /// <summary>The most records of one shelf. Default 100,000; at least 1.</summary>
    public int MaxRecordsPerShelf { get; init; } = 100_000;

    /// <summary>The most bytes of all shelves: keys, values and <see cref="MemoryRecordStore.RecordOverhead"/> a record. Default 64 MiB; at least 1.</summary>
    public long MaxBytes { get; init; } = 64 << 20;

    internal MemoryStoreOptions Checked()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecordsPerShelf, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 1);
        return this;
    }
}
