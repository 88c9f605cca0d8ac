using System.Text;

namespace Kadstone.Storage.Tests;

/// <summary>What <see cref="IRecordStore"/> promises. Every store derives from this class and passes all of it.</summary>
public abstract class StoreContract : IAsyncLifetime
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
    public async Task An_expired_record_is_invisible_before_any_sweep()
    {
        await PutAsync("key", Record("value", 9));
        Clock.Move(TimeSpan.FromHours(1) - TimeSpan.FromTicks(10));
        (await GetAsync("key")).ShouldNotBeNull();

        Clock.Move(TimeSpan.FromTicks(10));
        (await GetAsync("key")).ShouldBeNull();
        (await Store.ListAsync(Mutable, null, 10, Token)).ShouldBeEmpty();
        (await Store.DeleteAsync(Mutable, Key("key"), Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_expired_record_is_absent_to_a_put()
    {
        await PutAsync("key", Record("value", 9));
        Clock.Move(TimeSpan.FromHours(2));
        (await PutAsync("key", Record("lower", 1), expected: 5)).ShouldBe(PutResult.Stored);
        (await GetAsync("key"))!.ShouldBe(Record("lower", 1));
        (await Store.CountAsync(Mutable, Token)).ShouldBe(1);
    }

    [Fact]
    public async Task A_record_that_comes_expired_is_stale()
    {
        (await PutAsync("key", Record("value", 1) with { Expires = Clock.Now })).ShouldBe(PutResult.Stale);
        (await PutAsync("key", Record("value", 1) with { Expires = DateTimeOffset.MinValue })).ShouldBe(PutResult.Stale);
        (await Store.CountAsync(Mutable, Token)).ShouldBe(0);

        await PutAsync("key", Record("value", 1));
        (await PutAsync("key", Record("value", 2) with { Expires = Clock.Now })).ShouldBe(PutResult.Stale);
        (await GetAsync("key"))!.ShouldBe(Record("value", 1));
    }

    [Fact]
    public async Task A_sweep_removes_what_has_expired_and_nothing_else()
    {
        await PutAsync("short", Record("value", 1) with { Expires = Clock.Now.AddMinutes(1) });
        await PutAsync("long", Record("value", 1) with { Expires = Clock.Now.AddMinutes(2) });
        await Store.PutAsync(Shelf.MainlinePeers, Key("short"), Record("value", 1) with { Expires = Clock.Now.AddMinutes(1) }, cancellationToken: Token);

        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(0);
        Clock.Move(TimeSpan.FromMinutes(1));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(2);
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(0);
        (await Store.CountAsync(Mutable, Token)).ShouldBe(1);
        (await Store.CountAsync(Shelf.MainlinePeers, Token)).ShouldBe(0);
        (await GetAsync("long")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_sweep_removes_thousands()
    {
        await using IRecordStore store = await OpenSmallAsync(Clock);
        await store.PutManyAsync(Batch(2_500, "sweep"), Token);
        Clock.Move(TimeSpan.FromHours(1));
        (await store.SweepAsync(Clock.Now, Token)).ShouldBe(2_500);
        (await store.CountAsync(Mutable, Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_clock_set_back_an_hour_expires_nothing()
    {
        await PutAsync("key", Record("value", 1));
        Clock.Move(TimeSpan.FromHours(-1));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(0);
        (await GetAsync("key")).ShouldNotBeNull();

        // What is put in that hour lives its own hour, and a refresh is news as ever.
        (await PutAsync("key", Record("value", 1))).ShouldBe(PutResult.Stored);
        (await PutAsync("new", Record("value", 1))).ShouldBe(PutResult.Stored);
        Clock.Move(TimeSpan.FromMinutes(59));
        (await GetAsync("key")).ShouldNotBeNull();
        (await GetAsync("new")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_clock_ten_years_ahead_and_back_loses_only_what_was_swept()
    {
        await PutAsync("key", Record("value", 1));
        Clock.Move(TimeSpan.FromDays(3650));
        (await GetAsync("key")).ShouldBeNull();
        Clock.Move(TimeSpan.FromDays(-3650));
        (await GetAsync("key")).ShouldNotBeNull();
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

    public static TheoryData<byte[]> OddKeys => new(
        [],
        [0],
        [0, 0],
        [0, 1, 0],
        [.. "key\0"u8],
        [.. "key"u8],
        [.. "'; DROP TABLE records; --"u8],
        [.. "../../etc/passwd"u8],
        [0xff],
        [.. Enumerable.Repeat((byte)0xff, RecordLimits.MaxKeyLength)]);

    [Theory]
    [MemberData(nameof(OddKeys))]
    public async Task Any_bytes_are_a_key_and_a_value(byte[] key)
    {
        StoredRecord record = new(key, 1, Clock.Now.AddHours(1), Clock.Now);
        (await Store.PutAsync(Mutable, key, record, cancellationToken: Token)).ShouldBe(PutResult.Stored);
        (await Store.GetAsync(Mutable, key, Token)).ShouldBe(record);
        (await Store.PutAsync(Mutable, key, record, cancellationToken: Token)).ShouldBe(PutResult.Stored);
        (await Store.ListAsync(Mutable, null, 10, Token)).ShouldHaveSingleItem().Key.ToArray().ShouldBe(key);
        (await Store.DeleteAsync(Mutable, key, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Odd_keys_are_all_different()
    {
        foreach (TheoryDataRow<byte[]> row in OddKeys)
        {
            (await Store.PutAsync(Mutable, row.Data, Record("value", 1), cancellationToken: Token)).ShouldBe(PutResult.Stored);
        }

        (await Store.CountAsync(Mutable, Token)).ShouldBe(OddKeys.Count);
        (await ListAllAsync(3)).Count.ShouldBe(OddKeys.Count);
    }

    [Fact]
    public async Task The_largest_value_fits_and_one_byte_more_is_misuse()
    {
        byte[] largest = new byte[RecordLimits.MaxValueLength];
        new Random(1).NextBytes(largest);
        await PutAsync("key", Record("", 1) with { Value = largest });
        (await GetAsync("key"))!.Value.ToArray().ShouldBe(largest);

        await Should.ThrowAsync<ArgumentException>(async () => await PutAsync("key", Record("", 2) with { Value = new byte[RecordLimits.MaxValueLength + 1] }));
    }

    [Fact]
    public async Task Overlong_keys_unknown_shelves_and_odd_limits_are_misuse()
    {
        byte[] overlong = new byte[RecordLimits.MaxKeyLength + 1];
        StoredRecord record = Record("value", 1);
        await Should.ThrowAsync<ArgumentException>(async () => await Store.PutAsync(Mutable, overlong, record, cancellationToken: Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.PutManyAsync([new RecordPut(Mutable, Key("fine"), record), new RecordPut(Mutable, overlong, record)], Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.GetAsync(Mutable, overlong, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.DeleteAsync(Mutable, overlong, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.ListAsync(Mutable, overlong, 1, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.ListAsync(Mutable, null, 0, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.ListAsync(Mutable, null, RecordLimits.MaxListLength + 1, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.GetAsync(Shelf.None, Key("key"), Token));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.CountAsync((Shelf)(-1), Token));

        // The batch that held one overlong key stored nothing.
        (await GetAsync("fine")).ShouldBeNull();
    }

    [Fact]
    public async Task A_listing_goes_in_the_order_of_bytes_and_meets_every_record_once()
    {
        Random chance = new(5);
        List<byte[]> keys = [];
        for (int i = 0; i < MaxRecordsPerShelf; i++)
        {
            byte[] key = new byte[1 + chance.Next(20)];
            chance.NextBytes(key);
            if ((await Store.PutAsync(Mutable, key, new StoredRecord(key, 1, Clock.Now.AddHours(1), Clock.Now), cancellationToken: Token)) == PutResult.Stored
                && !keys.Exists(known => known.AsSpan().SequenceEqual(key)))
            {
                keys.Add(key);
            }
        }

        keys.Sort((left, right) => left.AsSpan().SequenceCompareTo(right));
        foreach (int limit in new[] { 1, 7, MaxRecordsPerShelf, MaxRecordsPerShelf + 1 })
        {
            List<KeyedRecord> all = await ListAllAsync(limit);
            all.Select(row => Convert.ToHexString(row.Key.Span)).ShouldBe(keys.Select(key => Convert.ToHexString(key)));
            all.TrueForAll(row => row.Key.Span.SequenceEqual(row.Record.Value.Span)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_listing_goes_on_after_a_key_that_is_gone()
    {
        foreach (string key in new[] { "a", "b", "c" })
        {
            await PutAsync(key, Record(key, 1));
        }

        await Store.DeleteAsync(Mutable, Key("b"), Token);
        (await Store.ListAsync(Mutable, Key("b"), 10, Token)).ShouldHaveSingleItem().Key.ToArray().ShouldBe(Key("c"));
        (await Store.ListAsync(Mutable, Key("c"), 10, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_obeys_the_same_rules_in_its_order()
    {
        await PutAsync("swap", Record("5", 5));
        IReadOnlyList<PutResult> results = await Store.PutManyAsync(
            [
                new RecordPut(Mutable, Key("new"), Record("1", 1)),
                new RecordPut(Mutable, Key("new"), Record("3", 3)),
                new RecordPut(Mutable, Key("new"), Record("2", 2)),
                new RecordPut(Mutable, Key("swap"), Record("6", 6), ExpectedSequence: 4),
                new RecordPut(Mutable, Key("swap"), Record("6", 6), ExpectedSequence: 5),
                new RecordPut(Mutable, Key("swap"), Record("7", 7), ExpectedSequence: 6),
                new RecordPut(Shelf.MainlineImmutable, Key("new"), Record("0", 0)),
            ],
            Token);

        results.ShouldBe([PutResult.Stored, PutResult.Stored, PutResult.Stale, PutResult.Conflict, PutResult.Stored, PutResult.Stored, PutResult.Stored]);
        (await GetAsync("new"))!.Sequence.ShouldBe(3);
        (await GetAsync("swap"))!.Sequence.ShouldBe(7);
    }

    [Fact]
    public async Task A_batch_may_be_empty_or_larger_than_a_commit()
    {
        (await Store.PutManyAsync([], Token)).ShouldBeEmpty();

        await using IRecordStore store = await OpenSmallAsync(Clock);
        IReadOnlyList<PutResult> results = await store.PutManyAsync(Batch(5_000, "batch"), Token);
        results.Count.ShouldBe(5_000);
        long stored = results.Count(result => result == PutResult.Stored);
        stored.ShouldBe(await store.CountAsync(Mutable, Token));
        stored.ShouldBeGreaterThan(2_000);
    }

    [Fact]
    public async Task Buffers_may_be_reused_when_a_put_has_returned_its_task()
    {
        byte[] key = Key("key");
        byte[] value = [1, 2, 3];
        ValueTask<PutResult> put = Store.PutAsync(Mutable, key, Record("", 1) with { Value = value }, cancellationToken: Token);
        value.AsSpan().Clear();
        key.AsSpan().Clear();
        (await put).ShouldBe(PutResult.Stored);
        (await GetAsync("key"))!.Value.ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_full_shelf_refuses_the_new_and_keeps_the_old()
    {
        await FillAsync();
        (await PutAsync("one more", Record("value", 1))).ShouldBe(PutResult.Full);
        (await Store.CountAsync(Mutable, Token)).ShouldBe(MaxRecordsPerShelf);
        (await ListAllAsync(1000)).Count.ShouldBe(MaxRecordsPerShelf);

        // What stands there may go on living, and other shelves have their own room.
        (await PutAsync("record 0", Record("newer", 2))).ShouldBe(PutResult.Stored);
        (await PutAsync("record 1", Record("value", 0))).ShouldBe(PutResult.Stale);
        (await Store.PutAsync(Shelf.MainlineImmutable, Key("one more"), Record("value", 0), cancellationToken: Token)).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task A_full_shelf_has_room_again_after_a_delete()
    {
        await FillAsync();
        await Store.DeleteAsync(Mutable, Key("record 17"), Token);
        (await PutAsync("one more", Record("value", 1))).ShouldBe(PutResult.Stored);
        (await PutAsync("and another", Record("value", 1))).ShouldBe(PutResult.Full);
    }

    [Fact]
    public async Task A_full_shelf_evicts_what_has_expired()
    {
        await PutAsync("short", Record("value", 1) with { Expires = Clock.Now.AddMinutes(1) });
        await FillAsync(MaxRecordsPerShelf - 1);
        (await PutAsync("one more", Record("value", 1))).ShouldBe(PutResult.Full);

        Clock.Move(TimeSpan.FromMinutes(1));
        (await PutAsync("one more", Record("value", 1))).ShouldBe(PutResult.Stored);
        (await PutAsync("and another", Record("value", 1))).ShouldBe(PutResult.Full);
        (await GetAsync("record 0")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_flood_of_a_hundred_times_the_cap_leaves_the_old_in_place()
    {
        await FillAsync(MaxRecordsPerShelf / 2);
        RecordPut[] flood = Batch(MaxRecordsPerShelf * 100, "flood");
        IReadOnlyList<PutResult> results = await Store.PutManyAsync(flood, Token);

        results.Count(result => result == PutResult.Stored).ShouldBe(MaxRecordsPerShelf / 2);
        results.Count(result => result == PutResult.Full).ShouldBe(flood.Length - (MaxRecordsPerShelf / 2));
        for (int i = 0; i < MaxRecordsPerShelf / 2; i++)
        {
            (await GetAsync($"record {i}")).ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_store_without_bytes_left_is_full_until_something_expires_on_any_shelf()
    {
        await using IRecordStore store = await OpenSmallAsync(Clock);
        int stored = 0;
        StoredRecord large = Record("", 0) with { Value = new byte[50_000] };
        while (await store.PutAsync(Shelf.MainlineImmutable, Key($"{stored}"), large, cancellationToken: Token) == PutResult.Stored)
        {
            stored++;
        }

        stored.ShouldBeInRange(10, 22);
        (await store.PutAsync(Mutable, Key("large"), large, cancellationToken: Token)).ShouldBe(PutResult.Full);

        // A smaller value in its own place is no growth.
        (await store.PutAsync(Shelf.MainlineImmutable, Key("0"), Record("small", 1), cancellationToken: Token)).ShouldBe(PutResult.Stored);
        (await store.PutAsync(Shelf.MainlineImmutable, Key("fits now"), large with { Value = new byte[45_000] }, cancellationToken: Token)).ShouldBe(PutResult.Stored);

        Clock.Move(TimeSpan.FromHours(1));
        foreach (string key in new[] { "large", "another" })
        {
            (await store.PutAsync(Mutable, Key(key), Record("", 1) with { Value = new byte[50_000] }, cancellationToken: Token)).ShouldBe(PutResult.Stored);
        }

        (await store.CountAsync(Shelf.MainlineImmutable, Token)).ShouldBe(0);
    }

    [Fact]
    public async Task An_expired_record_that_grows_in_a_full_store_makes_room_for_itself()
    {
        await using IRecordStore store = await OpenSmallAsync(Clock);
        await store.PutAsync(Mutable, Key("key"), Record("short", 1) with { Expires = Clock.Now.AddMinutes(1) }, cancellationToken: Token);
        StoredRecord large = Record("", 1) with { Value = new byte[50_000] };
        for (int i = 0; await store.PutAsync(Mutable, Key($"{i}"), large, cancellationToken: Token) == PutResult.Stored; i++)
        {
        }

        Clock.Move(TimeSpan.FromMinutes(1));
        (await store.PutAsync(Mutable, Key("key"), Record("", 1) with { Value = new byte[50_000] }, cancellationToken: Token)).ShouldBe(PutResult.Full);
        (await store.DeleteAsync(Mutable, Key("0"), Token)).ShouldBeTrue();
        (await store.PutAsync(Mutable, Key("key"), Record("", 1) with { Value = new byte[50_000] }, cancellationToken: Token)).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task A_cancelled_call_does_not_begin()
    {
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.PutAsync(Mutable, Key("key"), Record("value", 1), cancellationToken: Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.PutManyAsync(Batch(1, "key"), Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.GetAsync(Mutable, Key("key"), Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.DeleteAsync(Mutable, Key("key"), Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.ListAsync(Mutable, null, 1, Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.CountAsync(Mutable, Cancelled));
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.SweepAsync(Clock.Now, Cancelled));
        (await Store.CountAsync(Mutable, Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        await Store.DisposeAsync();
        await Store.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(async () => await PutAsync("key", Record("value", 1)));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await GetAsync("key"));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await Store.ListAsync(Mutable, null, 1, Token));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await Store.CountAsync(Mutable, Token));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await Store.SweepAsync(Clock.Now, Token));
    }

    [Fact]
    public async Task Closing_under_load_answers_every_put_and_loses_no_acknowledged_one()
    {
        using CancellationTokenSource hurry = CancellationTokenSource.CreateLinkedTokenSource(Token);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>[] writers = [.. Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; ; i++)
            {
                try
                {
                    await PutAsync($"key {writer}", Record($"{i}", i));
                    begun.TrySetResult();
                }
                catch (ObjectDisposedException)
                {
                    return i;
                }
            }
        }))];

        await begun.Task;
        await Store.DisposeAsync();
        int[] acknowledged = await Task.WhenAll(writers);
        await CheckAfterCloseAsync(acknowledged);
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
