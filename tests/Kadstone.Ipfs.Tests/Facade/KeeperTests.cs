using Kadstone.Ipfs.Core;
using Kadstone.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class KeeperTests : IAsyncDisposable
{
    private readonly Clock _clock = new();
    private readonly MemoryRecordStore _store;
    private readonly NameRenewal _renewal = new(Peers.Key(1), TimeSpan.FromHours(48), NullLogger.Instance);
    private readonly List<byte[]> _told = [];
    private bool _isWorthPutting = true;
    private bool _isAlone;
    private int _bits = 256;
    private int _searches;

    public KeeperTests() => _store = new MemoryRecordStore(timeProvider: _clock);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task What_is_provided_is_told_again_every_twenty_two_hours()
    {
        Keeper keeper = NewKeeper();
        await keeper.RememberProvidedAsync("content"u8.ToArray(), Cancelled);

        _clock.Advance(TimeSpan.FromHours(21.9));
        await keeper.TellDueAsync(Cancelled);
        _told.ShouldBeEmpty();

        for (int i = 1; i <= 3; i++)
        {
            _clock.Advance(TimeSpan.FromHours(22));
            await keeper.TellDueAsync(Cancelled);
            await keeper.TellDueAsync(Cancelled);
            _told.Count.ShouldBe(i);
        }
    }

    [Fact]
    public async Task A_restart_goes_on_with_what_was_kept()
    {
        await NewKeeper().RememberProvidedAsync("content"u8.ToArray(), Cancelled);
        await NewKeeper().RememberValueAsync("key"u8.ToArray(), "value"u8.ToArray(), Cancelled);
        _clock.Advance(TimeSpan.FromHours(23));

        Keeper restarted = NewKeeper();
        await restarted.LoadAsync(Cancelled);
        await restarted.TellDueAsync(Cancelled);

        _told.Select(bytes => System.Text.Encoding.UTF8.GetString(bytes)).ShouldBe(["content", "key=value"]);
    }

    [Fact]
    public async Task What_is_provided_no_more_is_not_told_again_even_after_a_restart()
    {
        Keeper keeper = NewKeeper();
        await keeper.RememberProvidedAsync("content"u8.ToArray(), Cancelled);
        (await keeper.ForgetProvidedAsync("content"u8.ToArray(), Cancelled)).ShouldBeTrue();
        _clock.Advance(TimeSpan.FromHours(23));

        Keeper restarted = NewKeeper();
        await restarted.LoadAsync(Cancelled);
        await keeper.TellDueAsync(Cancelled);
        await restarted.TellDueAsync(Cancelled);

        _told.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_value_is_put_again_every_four_hours_until_it_is_worth_nothing()
    {
        Keeper keeper = NewKeeper();
        await keeper.RememberValueAsync("key"u8.ToArray(), "value"u8.ToArray(), Cancelled);
        _clock.Advance(TimeSpan.FromHours(4));
        await keeper.TellDueAsync(Cancelled);
        _isWorthPutting = false;
        _clock.Advance(TimeSpan.FromHours(4));
        await keeper.TellDueAsync(Cancelled);
        _isWorthPutting = true;
        _clock.Advance(TimeSpan.FromHours(4));
        await keeper.TellDueAsync(Cancelled);

        _told.Count.ShouldBe(2);
        (await _store.CountAsync(Shelf.IpfsOwnValues, Cancelled)).ShouldBe(0);
    }

    [Fact]
    public async Task What_could_not_be_told_stays_due()
    {
        Keeper keeper = NewKeeper();
        await keeper.RememberProvidedAsync("content"u8.ToArray(), Cancelled);
        _clock.Advance(TimeSpan.FromHours(22));
        _isAlone = true;
        await keeper.TellDueAsync(Cancelled);
        _isAlone = false;
        await keeper.TellDueAsync(Cancelled);

        _told.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_lies_in_one_region_of_the_keyspace_is_told_with_one_search_and_stays_together()
    {
        Keeper keeper = NewKeeper();
        for (int i = 0; i < 200; i++)
        {
            await keeper.RememberProvidedAsync(Peers.Content(i).Multihash, Cancelled);
            _clock.Advance(TimeSpan.FromMinutes(2));
        }

        _bits = 3;
        for (int cycle = 1; cycle <= 3; cycle++)
        {
            _searches = 0;
            _told.Clear();
            for (int minute = 0; minute < 22 * 60; minute++)
            {
                _clock.Advance(Keeper.Turn);
                await keeper.TellDueAsync(Cancelled);
            }

            _searches.ShouldBe(8);
            _told.Count.ShouldBe(200);
        }
    }

    [Fact]
    public async Task What_is_given_up_while_it_is_told_is_not_kept_for_that()
    {
        Keeper keeper = null!;
        keeper = new Keeper(_store, new IpfsOptions(), _clock, NullLogger.Instance, _renewal, async (content, neighbours, token) =>
        {
            await keeper.ForgetProvidedAsync(content.Bytes, token);
            return [content];
        }, TellValueAsync);
        await keeper.RememberProvidedAsync("content"u8.ToArray(), Cancelled);
        _clock.Advance(TimeSpan.FromHours(22));

        await keeper.TellDueAsync(Cancelled);

        (await _store.CountAsync(Shelf.IpfsProvided, Cancelled)).ShouldBe(0);
    }

    private Keeper NewKeeper() => new(_store, new IpfsOptions(), _clock, NullLogger.Instance, _renewal, TellAsync, TellValueAsync);

    private Task<IReadOnlyList<ContentKey>> TellAsync(ContentKey content, Keeper.Neighbours neighbours, CancellationToken cancellationToken)
    {
        IReadOnlyList<ContentKey> region = neighbours(PeerContact.KeyOf(content.Bytes.Span), _bits);
        region.ShouldContain(content);
        _told.AddRange(region.Select(each => each.Bytes.ToArray()));
        _searches++;
        return _isAlone ? Task.FromException<IReadOnlyList<ContentKey>>(new NoPeersException("alone")) : Task.FromResult(region);
    }

    private Task<bool> TellValueAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        _told.Add([.. key.Span, (byte)'=', .. value.Span]);
        return Task.FromResult(_isWorthPutting);
    }
}
