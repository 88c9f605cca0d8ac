using Kadstone.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class KeeperTests : IAsyncDisposable
{
    private readonly Clock _clock = new();
    private readonly MemoryRecordStore _store;
    private readonly List<byte[]> _told = [];
    private bool _isWorthPutting = true;
    private bool _isAlone;

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

    private Keeper NewKeeper() => new(_store, new IpfsOptions(), _clock, NullLogger.Instance, TellAsync, TellValueAsync);

    private Task TellAsync(ReadOnlyMemory<byte> multihash, CancellationToken cancellationToken)
    {
        _told.Add(multihash.ToArray());
        return _isAlone ? Task.FromException(new NoPeersException("alone")) : Task.CompletedTask;
    }

    private Task<bool> TellValueAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        _told.Add([.. key.Span, (byte)'=', .. value.Span]);
        return Task.FromResult(_isWorthPutting);
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan span) => _now += span;
    }
}
