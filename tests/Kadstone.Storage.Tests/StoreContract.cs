using System.Text;

namespace Kadstone.Storage.Tests;

/// <summary>What <see cref="IRecordStore"/> promises. Every store derives from this class and passes all of it.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected const int MaxRecordsPerShelf = 100;

    private const Shelf Mutable = Shelf.MainlineMutable;

    private IRecordStore? _store;

    internal ManualTimeProvider Clock { get; } = new();

    protected IRecordStore Store => _store ?? throw new InvalidOperationException("Not opened.");

    private static CancellationToken Cancelled => new(canceled: true);

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync(Clock);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An empty store that takes 100 records a shelf and more bytes than those weigh.</summary>
    private protected abstract ValueTask<IRecordStore> OpenAsync(TimeProvider clock);

    /// <summary>The same with room for about 1 MiB and any number of records.</summary>
    private protected abstract ValueTask<IRecordStore> OpenSmallAsync(TimeProvider clock);

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_was_put_is_what_is_got()
    {
        StoredRecord record = Record("value", 7);
        (await PutAsync("key", record)).ShouldBe(PutResult.Stored);
        (await GetAsync("key")).ShouldBe(record);
        (await GetAsync("other key")).ShouldBeNull();
    }

    [Fact]
    public async Task Shelves_do_not_meet()
    {
        await Store.PutAsync(Shelf.MainlineImmutable, Key("key"), Record("a", 0), cancellationToken: Token);
        (await GetAsync("key")).ShouldBeNull();
        (await PutAsync("key", Record("b", 5))).ShouldBe(PutResult.Stored);
        (await Store.GetAsync(Shelf.MainlineImmutable, Key("key"), Token))!.Sequence.ShouldBe(0);
        (await Store.DeleteAsync(Shelf.MainlinePeers, Key("key"), Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_higher_sequence_replaces()
    {
        await PutAsync("key", Record("old", 1));
        (await PutAsync("key", Record("new", 2))).ShouldBe(PutResult.Stored);
        (await GetAsync("key"))!.ShouldBe(Record("new", 2));
        (await Store.CountAsync(Mutable, Token)).ShouldBe(1);
    }

    [Fact]
    public async Task A_lower_sequence_is_stale()
    {
        await PutAsync("key", Record("new", 2));
        (await PutAsync("key", Record("old", 1))).ShouldBe(PutResult.Stale);
        (await GetAsync("key"))!.ShouldBe(Record("new", 2));
    }

    [Fact]
    public async Task The_same_sequence_and_value_refreshes_the_expiry()
    {
        await PutAsync("key", Record("value", 1));
        Clock.Move(TimeSpan.FromMinutes(30));
        StoredRecord again = Record("value", 1);
        (await PutAsync("key", again)).ShouldBe(PutResult.Stored);
        (await GetAsync("key")).ShouldBe(again);

        Clock.Move(TimeSpan.FromMinutes(45));
        (await GetAsync("key")).ShouldBe(again);
    }

    [Fact]
    public async Task The_same_sequence_and_another_value_is_stale()
    {
        await PutAsync("key", Record("value", 1));
        (await PutAsync("key", Record("VALUE", 1))).ShouldBe(PutResult.Stale);
        (await PutAsync("key", Record("valu", 1))).ShouldBe(PutResult.Stale);
        (await GetAsync("key"))!.ShouldBe(Record("value", 1));
    }

    [Fact]
    public async Task Another_sequence_than_the_expected_is_a_conflict_even_if_stale_as_well()
    {
        await PutAsync("key", Record("value", 5));
        (await PutAsync("key", Record("next", 6), expected: 4)).ShouldBe(PutResult.Conflict);
        (await PutAsync("key", Record("past", 3), expected: 4)).ShouldBe(PutResult.Conflict);
        (await PutAsync("key", Record("past", 4), expected: 5)).ShouldBe(PutResult.Stale);
        (await PutAsync("key", Record("next", 6), expected: 5)).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task An_expected_sequence_is_not_compared_where_nothing_stands()
    {
        (await PutAsync("key", Record("value", 1), expected: 99)).ShouldBe(PutResult.Stored);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public async Task Sequences_at_the_edge_are_kept_and_compared(long sequence)
    {
        await PutAsync("key", Record("value", sequence));
        (await GetAsync("key"))!.Sequence.ShouldBe(sequence);
        (await PutAsync("key", Record("value", long.MinValue))).ShouldBe(sequence == long.MinValue ? PutResult.Stored : PutResult.Stale);
        (await PutAsync("key", Record("other", long.MaxValue), expected: sequence)).ShouldBe(sequence == long.MaxValue ? PutResult.Stale : PutResult.Stored);
    }

    [Fact]
    public async Task Times_at_the_edge_are_kept()
    {
        StoredRecord forever = new(Key("value"), 1, DateTimeOffset.MaxValue, DateTimeOffset.MinValue);
        (await PutAsync("forever", forever)).ShouldBe(PutResult.Stored);
        (await GetAsync("forever")).ShouldBe(forever);

        // Beyond 2038.
        StoredRecord late = new(Key("value"), 1, new DateTimeOffset(2106, 2, 7, 6, 28, 16, TimeSpan.FromHours(5)), Clock.Now);
        await PutAsync("late", late);
        (await GetAsync("late")).ShouldBe(late);
    }

    [Fact]
    public async Task A_delete_says_whether_something_stood_there()
    {
        await PutAsync("key", Record("value", 9));
        (await Store.DeleteAsync(Mutable, Key("key"), Token)).ShouldBeTrue();
        (await Store.DeleteAsync(Mutable, Key("key"), Token)).ShouldBeFalse();
        (await GetAsync("key")).ShouldBeNull();
        (await Store.CountAsync(Mutable, Token)).ShouldBe(0);
        (await PutAsync("key", Record("again", 1))).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task Of_sixteen_swaps_of_one_sequence_exactly_one_wins()
    {
        await PutAsync("key", Record("start", 0));
        for (long round = 0; round < 20; round++)
        {
            PutResult[] results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
                Task.Run(() => PutAsync("key", Record($"from {i}", round + 1), expected: round).AsTask())));

            results.Count(result => result == PutResult.Stored).ShouldBe(1);
            results.Count(result => result == PutResult.Conflict).ShouldBe(15);
            string winner = Encoding.UTF8.GetString((await GetAsync("key"))!.Value.Span);
            winner.ShouldBe($"from {Array.IndexOf(results, PutResult.Stored)}");
        }
    }

    [Fact]
    public async Task Counting_up_by_compare_and_swap_from_many_tasks_loses_no_step()
    {
        await PutAsync("counter", Record("", 0));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int step = 0; step < 10; step++)
            {
                PutResult result;
                do
                {
                    long seen = (await GetAsync("counter"))!.Sequence;
                    result = await PutAsync("counter", Record($"{seen + 1}", seen + 1), expected: seen);
                }
                while (result != PutResult.Stored);
            }
        })));

        (await GetAsync("counter"))!.Sequence.ShouldBe(80);
    }

    /// <summary>For stores that outlive their process: the writer's n-th put was the last acknowledged one under "key (writer)".</summary>
    protected virtual ValueTask CheckAfterCloseAsync(IReadOnlyList<int> acknowledged) => ValueTask.CompletedTask;

    protected static byte[] Key(string key) => Encoding.UTF8.GetBytes(key);

    protected StoredRecord Record(string value, long sequence) => new(Encoding.UTF8.GetBytes(value), sequence, Clock.Now.AddHours(1), Clock.Now);

    protected ValueTask<StoredRecord?> GetAsync(string key) => Store.GetAsync(Mutable, Key(key), Token);

    protected ValueTask<PutResult> PutAsync(string key, StoredRecord record, long? expected = null) => Store.PutAsync(Mutable, Key(key), record, expected, Token);

    protected RecordPut[] Batch(int count, string prefix) =>
        [.. Enumerable.Range(0, count).Select(i => new RecordPut(Mutable, Key($"{prefix} {i}"), Record("value", 1)))];

    private async Task FillAsync(int count = MaxRecordsPerShelf) =>
        (await Store.PutManyAsync(Batch(count, "record"), Token)).ShouldAllBe(result => result == PutResult.Stored);

    private async Task<List<KeyedRecord>> ListAllAsync(int limit)
    {
        List<KeyedRecord> all = [];
        IReadOnlyList<KeyedRecord> page;
        ReadOnlyMemory<byte>? after = null;
        do
        {
            page = await Store.ListAsync(Mutable, after, limit, Token);
            page.Count.ShouldBeLessThanOrEqualTo(limit);
            all.AddRange(page);
            after = page.Count > 0 ? page[^1].Key : null;
        }
        while (page.Count == limit);

        return all;
    }
}
