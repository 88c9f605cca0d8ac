using Kadstone.Storage.Sqlite;

namespace Kadstone.Storage.Tests;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly TemporaryFolder _folder = new();
    private int _files;

    [Fact]
    public async Task A_restart_keeps_records_and_counts()
    {
        StoredRecord record = Record("value", 4);
        await PutAsync("key", record);
        await Store.PutAsync(Shelf.MainlinePeers, Key("peer"), Record("", 0), cancellationToken: Token);
        await Store.DisposeAsync();

        await using SqliteRecordStore again = await ReopenAsync();
        (await again.GetAsync(Shelf.MainlineMutable, Key("key"), Token)).ShouldBe(record);
        (await again.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(1);
        (await again.CountAsync(Shelf.MainlinePeers, Token)).ShouldBe(1);
        (await again.CountAsync(Shelf.MainlineImmutable, Token)).ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_put_deleted_and_swept_it_answers_as_the_memory_store_does(int seed)
    {
        await using MemoryRecordStore memory = new(new MemoryStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf }, Clock);
        Random chance = new(seed);
        for (int step = 0; step < 2_000; step++)
        {
            byte[] key = Key($"key {chance.Next(30)}");
            switch (chance.Next(20))
            {
                case 0:
                    (await Store.DeleteAsync(Shelf.MainlineMutable, key, Token)).ShouldBe(await memory.DeleteAsync(Shelf.MainlineMutable, key, Token), $"step {step}");
                    break;
                case 1:
                    (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(await memory.SweepAsync(Clock.Now, Token), $"step {step}");
                    break;
                case 2:
                    Clock.Move(TimeSpan.FromMinutes(chance.Next(30)));
                    break;
                default:
                    StoredRecord record = Record($"{chance.Next(2)}", chance.Next(4)) with { Expires = Clock.Now.AddMinutes(chance.Next(60)) };
                    (await Store.PutAsync(Shelf.MainlineMutable, key, record, cancellationToken: Token))
                        .ShouldBe(await memory.PutAsync(Shelf.MainlineMutable, key, record, cancellationToken: Token), $"step {step}");
                    break;
            }

            (await Store.GetAsync(Shelf.MainlineMutable, key, Token)).ShouldBe(await memory.GetAsync(Shelf.MainlineMutable, key, Token), $"step {step}");
        }
    }

    [Fact]
    public async Task A_full_shelf_searches_a_bounded_number_of_refreshed_records_for_an_expired_one_and_goes_on_with_the_next_put()
    {
        const int Refreshed = WriteTransaction.MaxPostponed;
        await using SqliteRecordStore store = await SqliteRecordStore.OpenAsync(FilePath(_files++), new SqliteStoreOptions { MaxRecordsPerShelf = Refreshed + 1 }, Clock, Token);
        await store.PutManyAsync(Batch(Refreshed, "record"), Token);
        StoredRecord last = Record("value", 1) with { Expires = Clock.Now.AddMinutes(61) };
        await store.PutAsync(Shelf.MainlineMutable, Key("last"), last, cancellationToken: Token);
        Clock.Move(TimeSpan.FromMinutes(30));
        await store.PutManyAsync(Batch(Refreshed, "record"), Token);

        Clock.Move(TimeSpan.FromMinutes(31));
        (await store.PutAsync(Shelf.MainlineMutable, Key("new"), Record("value", 1), cancellationToken: Token)).ShouldBe(PutResult.Full);
        (await store.PutAsync(Shelf.MainlineMutable, Key("new"), Record("value", 1), cancellationToken: Token)).ShouldBe(PutResult.Stored);
        (await store.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(Refreshed + 1);
    }

    [Fact]
    public async Task Closing_leaves_one_file()
    {
        await PutAsync("key", Record("value", 1));
        await GetAsync("key");
        await Store.DisposeAsync();
        Directory.GetFiles(_folder.Path).ShouldBe([FilePath(0)]);
    }

    private protected override async ValueTask<IRecordStore> OpenAsync(TimeProvider clock) =>
        await SqliteRecordStore.OpenAsync(FilePath(_files++), new SqliteStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf }, clock);

    private protected override async ValueTask<IRecordStore> OpenSmallAsync(TimeProvider clock) =>
        await SqliteRecordStore.OpenAsync(FilePath(_files++), new SqliteStoreOptions { MaxFileBytes = 1 << 20 }, clock);

    protected override ValueTask CleanUpAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask CheckAfterCloseAsync(IReadOnlyList<int> acknowledged)
    {
        await using SqliteRecordStore again = await ReopenAsync();
        for (int writer = 0; writer < acknowledged.Count; writer++)
        {
            StoredRecord? record = await again.GetAsync(Shelf.MainlineMutable, Key($"key {writer}"), Token);
            if (acknowledged[writer] > 0)
            {
                record.ShouldNotBeNull().Sequence.ShouldBe(acknowledged[writer] - 1);
            }
        }
    }

    private ValueTask<SqliteRecordStore> ReopenAsync() => SqliteRecordStore.OpenAsync(FilePath(0), timeProvider: Clock, cancellationToken: Token);

    private string FilePath(int number) => _folder.File($"{number}.db");
}
