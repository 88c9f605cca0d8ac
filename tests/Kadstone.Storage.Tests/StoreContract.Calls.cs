namespace Kadstone.Storage.Tests;

// What may be put, in what batches, how it is listed, and how calls end.
public abstract partial class StoreContract
{
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
}
