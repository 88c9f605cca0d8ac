using System.Text;
using Kadstone.Hosting.Networks;
using Kadstone.Storage;

namespace Kadstone.Hosting.Tests;

/// <summary>Two nodes over one store: strangers' records are both's, what one was told to keep is its own.</summary>
public sealed class HeadStoreTests : IAsyncLifetime
{
    private readonly MemoryRecordStore _store = new();
    private HeadStore _first = null!;
    private HeadStore _second = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Shelf.IpfsProvided)]
    [InlineData(Shelf.IpfsOwnValues)]
    [InlineData(Shelf.DaemonPublications)]
    public async Task What_a_head_keeps_for_itself_no_other_sees_lists_replaces_or_deletes(Shelf shelf)
    {
        await _second.PutAsync(shelf, Key("a"), Record(9), cancellationToken: Token);
        (await _first.PutManyAsync([new RecordPut(shelf, Key("a"), Record(1)), new RecordPut(shelf, Key("b"), Record(2))], Token)).ShouldAllBe(result => result == PutResult.Stored);
        (await _first.GetAsync(shelf, Key("a"), Token))!.Sequence.ShouldBe(1);
        (await _second.GetAsync(shelf, Key("a"), Token))!.Sequence.ShouldBe(9);
        (await _second.GetAsync(shelf, Key("b"), Token)).ShouldBeNull();
        (await ListAsync(_first, shelf, null, 10)).ShouldBe(["a", "b"]);
        (await ListAsync(_first, shelf, "a", 10)).ShouldBe(["b"]);
        (await ListAsync(_first, shelf, null, 1)).ShouldBe(["a"]);
        (await ListAsync(_first, shelf, "b", 10)).ShouldBeEmpty("behind it comes the other's");
        (await ListAsync(_second, shelf, null, 10)).ShouldBe(["a"]);
        (await _second.DeleteAsync(shelf, Key("b"), Token)).ShouldBeFalse();
        (await _first.DeleteAsync(shelf, Key("b"), Token)).ShouldBeTrue();
        (await _second.DeleteAsync(shelf, Key("a"), Token)).ShouldBeTrue();
        (await ListAsync(_first, shelf, null, 10)).ShouldBe(["a"]);
    }

    [Theory]
    [InlineData(Shelf.MainlineImmutable)]
    [InlineData(Shelf.MainlinePeers)]
    [InlineData(Shelf.MainlinePkarr)]
    [InlineData(Shelf.HyperswarmMutable)]
    [InlineData(Shelf.IpfsValues)]
    public async Task What_is_kept_for_others_is_everybody_s(Shelf shelf)
    {
        await _first.PutAsync(shelf, Key("a"), Record(1), cancellationToken: Token);
        (await _second.GetAsync(shelf, Key("a"), Token)).ShouldNotBeNull();
        (await ListAsync(_second, shelf, null, 10)).ShouldBe(["a"]);
        (await _store.GetAsync(shelf, Key("a"), Token)).ShouldNotBeNull();
        (await _second.DeleteAsync(shelf, Key("a"), Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_an_earlier_version_kept_is_taken_over_by_the_head_that_comes_first_and_by_no_other()
    {
        for (int i = 0; i < 1500; i++)
        {
            await _store.PutAsync(Shelf.DaemonPublications, Key($"{i:x16}"), Record(1), cancellationToken: Token);
        }

        HeadStore third = await HeadStore.OpenAsync(_store, new byte[] { 2, 0 }, Token);
        HeadStore fourth = await HeadStore.OpenAsync(_store, new byte[] { 0, 0 }, Token);
        (await ListAsync(third, Shelf.DaemonPublications, null, 2000)).Length.ShouldBe(1500);
        (await ListAsync(fourth, Shelf.DaemonPublications, null, 2000)).ShouldBeEmpty();
        (await _store.CountAsync(Shelf.DaemonPublications, Token)).ShouldBe(1500);
        await third.DisposeAsync();
        await fourth.DisposeAsync();
    }

    public async ValueTask InitializeAsync()
    {
        _first = await HeadStore.OpenAsync(_store, new byte[] { 1, 0 }, Token);
        _second = await HeadStore.OpenAsync(_store, new byte[] { 1, 1 }, Token);
    }

    public async ValueTask DisposeAsync()
    {
        // Each closes what it stands over, as a process does with the server's connections.
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static async Task<string[]> ListAsync(HeadStore head, Shelf shelf, string? after, int limit) =>
        [.. (await head.ListAsync(shelf, after is null ? null : Key(after), limit, Token)).Select(record => Encoding.UTF8.GetString(record.Key.Span))];

    private static ReadOnlyMemory<byte> Key(string key) => Encoding.UTF8.GetBytes(key);

    private static StoredRecord Record(long sequence) => new("value"u8.ToArray(), sequence, DateTimeOffset.UtcNow.AddHours(1), DateTimeOffset.UtcNow);
}
