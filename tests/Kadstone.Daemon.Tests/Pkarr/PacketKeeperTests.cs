using Kadstone.Daemon.Pkarr;
using Kadstone.Mainline;
using Kadstone.Storage;
using Kadstone.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>What a relay puts again and again.</summary>
public sealed class PacketKeeperTests : IAsyncDisposable
{
    private static readonly TimeSpan s_round = TimeSpan.FromMinutes(67);

    private readonly ScriptedNetwork _network = new();
    private readonly ShiftedTimeProvider _time = new();
    private readonly MemoryRecordStore _store = new();
    private readonly PacketCache _cache = new(100);
    private PacketKeeper? _keeper;

    private PacketKeeper Keeper => _keeper ?? throw new InvalidOperationException("Not started.");

    [Fact]
    public async Task A_packet_that_too_few_hold_is_put_again_after_an_hour_and_its_holders_are_counted()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        _network.Nodes = 5;
        await Keeper.KeepAsync(packet, holders: 3);
        Kept(packet).Holders.ShouldBe(3);
        _time.Advance(s_round);
        await RoundsAsync(1);
        _network.Stores.ShouldHaveSingleItem().ToPayload().ShouldBe(packet.ToPayload(), "the same bytes");
        Kept(packet).Holders.ShouldBe(5);
        Kept(packet).DueAt.ShouldBeInRange(_time.GetUtcNow() + TimeSpan.FromMinutes(53), _time.GetUtcNow() + TimeSpan.FromMinutes(67));
        _time.Advance(s_round);
        await RoundsAsync(2);
        _network.Stores.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Nothing_is_put_before_its_time()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        await Keeper.KeepAsync(packet, 3);
        _time.Advance(TimeSpan.FromMinutes(53));
        PkarrPacket late = PkarrSwarm.Packet();
        await Keeper.KeepAsync(late, 3);
        _time.Advance(TimeSpan.FromMinutes(14));
        await RoundsAsync(1);
        _network.Stores.ShouldHaveSingleItem().Key.ShouldBe(packet.Key);
    }

    [Fact]
    public async Task What_enough_nodes_hold_is_not_put()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        _network.Place(packet.Key, new PkarrFinding(packet, null, 8));
        await Keeper.KeepAsync(packet, 3);
        _time.Advance(s_round);
        await RoundsAsync(1);
        _network.Stores.ShouldBeEmpty();
        Kept(packet).Holders.ShouldBe(8);
    }

    [Fact]
    public async Task Nodes_that_refuse_what_they_hold_hold_it()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        _network.Place(packet.Key, new PkarrFinding(packet, null, 4));
        _network.Commit = new CommitOutcome(2, 6, 0, 302);
        await Keeper.KeepAsync(packet, 3);
        _time.Advance(s_round);
        await RoundsAsync(1);
        Kept(packet).Holders.ShouldBe(6);
    }

    [Fact]
    public async Task A_newer_packet_of_the_owner_is_the_one_that_is_kept()
    {
        await StartAsync();
        byte[] seed = [.. Enumerable.Repeat((byte)9, 32)];
        PkarrPacket ours = PkarrSwarm.Packet(seed, "ours", 1);
        PkarrPacket newer = PkarrSwarm.Packet(seed, "newer", 2);
        _network.Place(ours.Key, new PkarrFinding(newer, null, 4));
        await Keeper.KeepAsync(ours, 8);
        _time.Advance(s_round);
        await RoundsAsync(1);
        _network.Stores.ShouldHaveSingleItem().Timestamp.ShouldBe(2);
        Kept(ours).Timestamp.ShouldBe(2);
        _cache.Find(ours.Key).ShouldNotBeNull().Packet.Timestamp.ShouldBe(2);
    }

    [Fact]
    public async Task Something_else_that_the_owner_put_there_ends_it()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet(timestamp: 5);
        await Keeper.KeepAsync(packet, 8);
        _network.Place(packet.Key, new PkarrFinding(null, InvalidSequence: 6, 8));
        _time.Advance(s_round);
        await _network.FoundAsync(packet.Key, 1);
        await GoneAsync();
        _network.Stores.ShouldBeEmpty();
        (await _store.CountAsync(Shelf.MainlinePkarr, TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task A_dht_that_is_away_is_asked_again_after_five_minutes()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        await Keeper.KeepAsync(packet, 8);
        _network.Failure = new NoNetworkException("away");
        _time.Advance(s_round);
        await FailuresAsync(1);
        Kept(packet).Holders.ShouldBe(8, "nobody said otherwise");
        _network.Failure = null;
        _time.Advance(TimeSpan.FromMinutes(5));
        await RoundsAsync(1);
        _network.Stores.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_its_owner_does_not_publish_any_more_is_let_go()
    {
        await StartAsync(options => options with { KeepFor = TimeSpan.FromMinutes(30) });
        await Keeper.KeepAsync(PkarrSwarm.Packet(), 8);
        _time.Advance(s_round);
        await GoneAsync();
        _network.Finds.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_restart_goes_on_with_packets_holders_and_times()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        await Keeper.KeepAsync(packet, 7);
        KeptPkarrPacket before = Kept(packet);
        await StartAsync();
        KeptPkarrPacket after = Kept(packet);
        after.Holders.ShouldBe(7);
        after.Timestamp.ShouldBe(packet.Timestamp);
        (before.PublishedAt - after.PublishedAt).ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
        _cache.Find(packet.Key).ShouldNotBeNull().Packet.ToPayload().ShouldBe(packet.ToPayload());
        _time.Advance(s_round);
        await RoundsAsync(1);
        _network.Stores.ShouldHaveSingleItem();

        // And what the round found is there after the next.
        await StartAsync();
        Kept(packet).Holders.ShouldBe(10);
    }

    [Fact]
    public async Task A_damaged_record_is_not_believed()
    {
        await StartAsync();
        PkarrPacket packet = PkarrSwarm.Packet();
        await Keeper.KeepAsync(packet, 7);
        StoredRecord stored = (await _store.GetAsync(Shelf.MainlinePkarr, packet.Key.Bytes, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        byte[] damaged = stored.Value.ToArray();
        damaged[^1] ^= 1;
        await _store.PutAsync(Shelf.MainlinePkarr, packet.Key.Bytes, stored with { Value = damaged, Sequence = stored.Sequence + 1 }, cancellationToken: TestContext.Current.CancellationToken);
        await _store.PutAsync(Shelf.MainlinePkarr, "short"u8.ToArray(), stored with { Value = new byte[3] }, cancellationToken: TestContext.Current.CancellationToken);
        await StartAsync();
        Keeper.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_full_relay_keeps_what_it_has()
    {
        await StartAsync(options => options with { MaxKept = 2 });
        byte[] seed = [.. Enumerable.Repeat((byte)9, 32)];
        PkarrPacket first = PkarrSwarm.Packet(seed, timestamp: 1);
        await Keeper.KeepAsync(first, 8);
        await Keeper.KeepAsync(PkarrSwarm.Packet(), 8);
        await Keeper.KeepAsync(PkarrSwarm.Packet(), 8);
        await Keeper.KeepAsync(PkarrSwarm.Packet(seed, timestamp: 2), 8);
        Keeper.Count.ShouldBe(2);
        Keeper.Unkept.ShouldBe(1);
        Kept(first).Timestamp.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_due_together_is_put_one_after_the_other()
    {
        StandingTimeProvider time = new();
        await StartAsync(options => options with { Store = null }, time);
        for (int kept = 0; kept < 3; kept++)
        {
            await Keeper.KeepAsync(PkarrSwarm.Packet(), 8);
        }

        // 10,000 an hour: one each 360 ms.
        time.Move(s_round);
        for (int round = 1; round <= 3; round++)
        {
            await RoundsAsync(round);
            _network.Finds.Count.ShouldBe(round);
            time.Move(TimeSpan.FromMilliseconds(359));
            _network.Finds.Count.ShouldBe(round);
            time.Move(TimeSpan.FromMilliseconds(1));
        }

        _network.Finds.Distinct().Count().ShouldBe(3);
    }

    public async ValueTask DisposeAsync()
    {
        if (_keeper is not null)
        {
            await _keeper.DisposeAsync();
        }

        await _store.DisposeAsync();
    }

    private async Task StartAsync(Func<PkarrRelayOptions, PkarrRelayOptions>? change = null, TimeProvider? time = null)
    {
        if (_keeper is not null)
        {
            await _keeper.DisposeAsync();
        }

        PkarrRelayOptions options = new() { Store = _store };
        _keeper = new PacketKeeper(_network, _cache, change is null ? options : change(options), time ?? _time, new Random(1), NullLogger.Instance);
        await _keeper.StartAsync(TestContext.Current.CancellationToken);
    }

    private KeptPkarrPacket Kept(PkarrPacket packet) => Keeper.List().Single(kept => kept.Key == packet.Key.Text);

    private Task RoundsAsync(long count) => UntilAsync(() => Keeper.Republished >= count);

    private Task FailuresAsync(long count) => UntilAsync(() => Keeper.Failures >= count);

    private Task GoneAsync() => UntilAsync(() => Keeper.Count == 0);

    // A round is nobody's call: its counters are asked until they say so.
    private static async Task UntilAsync(Func<bool> isSo)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (!isSo())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
