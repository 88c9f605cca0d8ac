namespace Kadstone.Storage.Tests;

public sealed class MemoryStoreTests : StoreContract
{
    [Fact]
    public void Options_out_of_range_are_misuse()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new MemoryRecordStore(new MemoryStoreOptions { MaxRecordsPerShelf = 0 }));
        Should.Throw<ArgumentOutOfRangeException>(() => new MemoryRecordStore(new MemoryStoreOptions { MaxBytes = 0 }));
    }

    private protected override ValueTask<IRecordStore> OpenAsync(TimeProvider clock) =>
        ValueTask.FromResult<IRecordStore>(new MemoryRecordStore(new MemoryStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf }, clock));

    private protected override ValueTask<IRecordStore> OpenSmallAsync(TimeProvider clock) =>
        ValueTask.FromResult<IRecordStore>(new MemoryRecordStore(new MemoryStoreOptions { MaxBytes = 1 << 20 }, clock));
}
