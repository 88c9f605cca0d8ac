using CustomStore;

namespace Kadstone.Storage.Tests;

/// <summary>The store of samples/CustomStore keeps the contract that it is a sample of.</summary>
public sealed class SampleStoreTests : StoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kadstone-journal-").FullName;

    [Fact]
    public async Task A_journal_that_is_read_again_has_what_was_put_and_not_what_is_gone()
    {
        string path = Path.Combine(_folder, "again");
        DateTimeOffset now = Clock.Now;
        await using (JournalStore store = await JournalStore.OpenAsync(path, timeProvider: Clock))
        {
            foreach ((byte key, long sequence) in ((byte, long)[])[(1, 1), (1, 5), (1, 3), (2, 1)])
            {
                await store.PutAsync(Shelf.MainlineMutable, new[] { key }, new StoredRecord(new[] { key }, sequence, now.AddHours(1), now), cancellationToken: Token);
            }

            await store.DeleteAsync(Shelf.MainlineMutable, new byte[] { 2 }, Token);
        }

        // A crash in the middle of a line.
        await File.AppendAllTextAsync(path, "\n2 03 0", Token);
        await using (JournalStore again = await JournalStore.OpenAsync(path, timeProvider: Clock))
        {
            (await again.ListAsync(Shelf.MainlineMutable, null, 10, Token)).ShouldHaveSingleItem().Record.ShouldBe(new StoredRecord(new byte[] { 1 }, 5, now.AddHours(1), now));
            await again.PutAsync(Shelf.MainlineMutable, new byte[] { 3 }, new StoredRecord(new byte[] { 3 }, 1, now.AddHours(1), now), cancellationToken: Token);
        }

        await using JournalStore third = await JournalStore.OpenAsync(path, timeProvider: Clock);
        (await third.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(2);
    }

    private protected override async ValueTask<IRecordStore> OpenAsync(TimeProvider clock) =>
        await JournalStore.OpenAsync(Path.Combine(_folder, "journal"), new MemoryStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf }, clock);

    private protected override async ValueTask<IRecordStore> OpenSmallAsync(TimeProvider clock) =>
        await JournalStore.OpenAsync(Path.Combine(_folder, "small"), new MemoryStoreOptions { MaxBytes = 1 << 20 }, clock);

    protected override ValueTask CleanUpAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
