namespace Kadstone.Storage.Tests;

// When a record is visible, absent and gone, and what a full store does.
public abstract partial class StoreContract
{
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
    public async Task A_refreshed_record_outlives_the_sweep_of_its_first_hour_and_falls_to_that_of_its_second()
    {
        await PutAsync("key", Record("value", 1));
        Clock.Move(TimeSpan.FromMinutes(30));
        await PutAsync("key", Record("value", 1));

        Clock.Move(TimeSpan.FromMinutes(45));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(0);
        (await GetAsync("key")).ShouldNotBeNull();
        Clock.Move(TimeSpan.FromMinutes(15));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(1);
        (await Store.CountAsync(Mutable, Token)).ShouldBe(0);
    }

    [Theory]
    [InlineData("value")]
    [InlineData("another value")]
    public async Task An_expiry_that_was_moved_forward_is_swept_on_time(string value)
    {
        await PutAsync("key", Record("value", 1));
        await PutAsync("key", Record("value", 1) with { Expires = Clock.Now.AddHours(3) });
        await PutAsync("key", Record(value, 2) with { Expires = Clock.Now.AddMinutes(5) });
        Clock.Move(TimeSpan.FromMinutes(5));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(1);
        (await Store.CountAsync(Mutable, Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_value_that_follows_an_expired_one_has_its_own_sequence_and_expiry()
    {
        await PutAsync("key", Record("first", 5));
        await PutAsync("key", Record("first", 9) with { Expires = Clock.Now.AddHours(2) });
        Clock.Move(TimeSpan.FromHours(2));
        StoredRecord second = Record("second", 7) with { Expires = Clock.Now.AddMinutes(1) };
        await PutAsync("key", second);
        (await GetAsync("key")).ShouldBe(second);
        Clock.Move(TimeSpan.FromMinutes(1));
        (await Store.SweepAsync(Clock.Now, Token)).ShouldBe(1);
    }

    [Fact]
    public async Task A_sweep_finds_the_expired_behind_thousands_that_were_refreshed()
    {
        await using IRecordStore store = await OpenSmallAsync(Clock);
        await store.PutManyAsync(Batch(2_000, "record"), Token);
        Clock.Move(TimeSpan.FromMinutes(1));
        await store.PutAsync(Mutable, Key("behind"), Record("value", 1) with { Expires = Clock.Now.AddMinutes(59) }, cancellationToken: Token);
        await store.PutManyAsync(Batch(2_000, "record"), Token);

        Clock.Move(TimeSpan.FromMinutes(59));
        (await store.SweepAsync(Clock.Now, Token)).ShouldBe(1);
        (await store.CountAsync(Mutable, Token)).ShouldBe(2_000);
        Clock.Move(TimeSpan.FromMinutes(1));
        (await store.SweepAsync(Clock.Now, Token)).ShouldBe(2_000);
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
}
