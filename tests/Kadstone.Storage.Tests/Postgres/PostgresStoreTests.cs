using Kadstone.Storage.Postgres;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>The contract on tables as the store makes them.</summary>
public sealed class PostgresStoreTests(SharedPostgresServer server) : PostgresContract(server, isSpread: false);

/// <summary>The contract once more on tables that are spread by the key, which the store finds ready.</summary>
public sealed class PostgresSpreadStoreTests(SharedPostgresServer server) : PostgresContract(server, isSpread: true);

/// <summary>What every store promises, and what one that outlives its process promises besides.</summary>
public abstract class PostgresContract(SharedPostgresServer server, bool isSpread) : StoreContract
{
    private string _connectionString = "";

    [Fact]
    public async Task A_restart_keeps_records_and_counts()
    {
        StoredRecord record = Record("value", 4);
        await PutAsync("key", record);
        await Store.PutAsync(Shelf.MainlinePeers, Key("peer"), Record("", 0), cancellationToken: Token);
        await Store.DisposeAsync();

        await using PostgresRecordStore again = await ReopenAsync();
        (await again.GetAsync(Shelf.MainlineMutable, Key("key"), Token)).ShouldBe(record);
        (await again.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(1);
        (await again.CountAsync(Shelf.MainlinePeers, Token)).ShouldBe(1);
        (await again.CountAsync(Shelf.MainlineImmutable, Token)).ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_is_put_deleted_and_swept_it_answers_as_the_memory_store_does(int seed)
    {
        await using MemoryRecordStore memory = new(new MemoryStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf }, Clock);
        Random chance = new(seed);
        for (int step = 0; step < 200; step++)
        {
            byte[] key = Key($"key {chance.Next(30)}");
            switch (chance.Next(12))
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
                    RecordPut[] puts = [.. Enumerable.Range(0, chance.Next(1, 40)).Select(_ => RandomPut(chance))];
                    (await Store.PutManyAsync(puts, Token)).ShouldBe(await memory.PutManyAsync(puts, Token), $"step {step}");
                    break;
            }

            (await Store.GetAsync(Shelf.MainlineMutable, key, Token)).ShouldBe(await memory.GetAsync(Shelf.MainlineMutable, key, Token), $"step {step}");
            (await Store.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(await memory.CountAsync(Shelf.MainlineMutable, Token), $"step {step}");
        }
    }

    [Fact]
    public async Task Batches_that_wait_behind_each_other_are_decided_in_their_turn_though_they_are_read_ahead()
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread);
        await using PostgresRecordStore store = await PostgresRecordStore.OpenAsync(connectionString, new PostgresStoreOptions { Patience = PostgresServer.Patience }, Clock, Token);
        await using MemoryRecordStore memory = new(timeProvider: Clock);
        Random chance = new(44);
        for (int round = 0; round < 2; round++)
        {
            // All at once: the third waits while the first is written, and half of its keys are those of the second.
            List<(Task<IReadOnlyList<PutResult>> Given, IReadOnlyList<PutResult> Expected)> batches = [];
            for (int batch = 0; batch < 6; batch++)
            {
                RecordPut[] puts = [.. Enumerable.Range(0, 1500).Select(_ => RandomPut(chance, keys: 3000))];
                batches.Add((store.PutManyAsync(puts, Token).AsTask(), await memory.PutManyAsync(puts, Token)));
                if (batch == 3)
                {
                    byte[] key = puts[0].Key.ToArray();
                    (await store.DeleteAsync(Shelf.MainlineMutable, key, Token)).ShouldBe(await memory.DeleteAsync(Shelf.MainlineMutable, key, Token));
                }
            }

            foreach ((Task<IReadOnlyList<PutResult>> given, IReadOnlyList<PutResult> expected) in batches)
            {
                (await given).ShouldBe(expected);
            }

            Clock.Move(TimeSpan.FromMinutes(20));
        }

        (await store.CountAsync(Shelf.MainlineMutable, Token)).ShouldBe(await memory.CountAsync(Shelf.MainlineMutable, Token));
    }

    private protected override async ValueTask<IRecordStore> OpenAsync(TimeProvider clock)
    {
        _connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread);
        return await PostgresRecordStore.OpenAsync(_connectionString, new PostgresStoreOptions { MaxRecordsPerShelf = MaxRecordsPerShelf, Patience = PostgresServer.Patience }, clock, Token);
    }

    private protected override async ValueTask<IRecordStore> OpenSmallAsync(TimeProvider clock)
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread);
        return await PostgresRecordStore.OpenAsync(connectionString, new PostgresStoreOptions { MaxBytes = 1 << 20, Patience = PostgresServer.Patience }, clock, Token);
    }

    protected override async ValueTask CheckAfterCloseAsync(IReadOnlyList<int> acknowledged)
    {
        await using PostgresRecordStore again = await ReopenAsync();
        for (int writer = 0; writer < acknowledged.Count; writer++)
        {
            StoredRecord? record = await again.GetAsync(Shelf.MainlineMutable, Key($"key {writer}"), Token);
            if (acknowledged[writer] > 0)
            {
                record.ShouldNotBeNull().Sequence.ShouldBe(acknowledged[writer] - 1);
            }
        }
    }

    private ValueTask<PostgresRecordStore> ReopenAsync() =>
        PostgresRecordStore.OpenAsync(_connectionString, new PostgresStoreOptions { Patience = PostgresServer.Patience }, Clock, Token);

    private RecordPut RandomPut(Random chance, int keys = 30)
    {
        StoredRecord record = Record($"{chance.Next(2)}", chance.Next(4)) with { Expires = Clock.Now.AddMinutes(chance.Next(60)) };
        return new RecordPut(Shelf.MainlineMutable, Key($"key {chance.Next(keys)}"), record, chance.Next(4) == 0 ? chance.Next(4) : null);
    }
}
