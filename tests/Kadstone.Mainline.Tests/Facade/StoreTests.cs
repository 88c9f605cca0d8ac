using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>What is durable and what is soft, and a store that is away (architecture: durable; bar 39).</summary>
public sealed class StoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kadstone-facade-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_put_that_was_acknowledged_is_there_after_a_restart()
    {
        await using Devnet devnet = await Devnet.StartAsync(1);
        MainlineDht durable = await OpenAsync(60, null, devnet[0].Endpoint().ToString());
        await durable.WaitForNetworkAsync(Devnet.Guard());
        List<PutItemResult> puts = [];
        for (int i = 0; i < 20; i++)
        {
            puts.Add(await devnet[0].PutImmutableAsync(ItemValue.FromText($"value {i}"), Devnet.Guard()));
        }

        puts.ShouldAllBe(put => put.Commit.Stored == 1);
        MainlineState state = durable.Save();
        await durable.DisposeAsync();
        await using MainlineDht again = await OpenAsync(60, null, state: state);
        await using MainlineDht asker = await MainlineDht.CreateAsync(Devnet.OptionsOf(61, again.Endpoint().ToString()));
        for (int i = 0; i < 20; i++)
        {
            (await asker.GetImmutableAsync(puts[i].Target, Devnet.Guard())).ShouldNotBeNull().Value.ToString().ShouldBe($"value {i}");
        }
    }

    [Fact]
    public async Task Announced_peers_are_there_after_a_restart_with_their_ages()
    {
        ShiftedTimeProvider time = new();
        await using Devnet devnet = await Devnet.StartAsync(1, time);
        MainlineDht first = await OpenAsync(62, time, devnet[0].Endpoint().ToString());
        await first.WaitForNetworkAsync(Devnet.Guard());
        Key160 infoHash = Devnet.RandomKey();
        await devnet[0].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: Devnet.Guard());
        first.Status().StoredPeers.ShouldBe(1);
        await first.DisposeAsync();
        time.Advance(TimeSpan.FromMinutes(30));
        await using MainlineDht second = await OpenAsync(62, time, state: first.Save());
        second.Status().StoredPeers.ShouldBe(1);
        Channel<PeerExpired> gone = Channel.CreateUnbounded<PeerExpired>();
        second.PeerExpired += (_, expired) => gone.Writer.TryWrite(expired);
        await devnet[0].ConnectAsync(second.Endpoint(), cancellationToken: Devnet.Guard());
        (await devnet[0].PeersAsync(infoHash)).Count.ShouldBe(1);

        // 30 minutes before the restart and 20 after it: more than 45.
        time.Advance(TimeSpan.FromMinutes(20));
        (await gone.Reader.ReadAsync(Devnet.Guard())).InfoHash.ShouldBe(infoHash);
        second.Status().StoredPeers.ShouldBe(0);
    }

    [Fact]
    public async Task A_store_that_is_away_refuses_puts_with_202_answers_gets_and_recovers()
    {
        TestStore store = new();
        await using Devnet devnet = await Devnet.StartAsync(2, with: (number, options) => number == 1 ? options with { Store = store } : options);
        PutItemResult before = await devnet[0].PutImmutableAsync(ItemValue.FromText("before"), Devnet.Guard());
        store.Fault = () => new StoreUnavailableException(StoreFailure.DiskFull, "No room.");
        PutItemResult refused = await devnet[0].PutImmutableAsync(ItemValue.FromText("refused"), Devnet.Guard());
        refused.Commit.ShouldBe(new CommitOutcome(Stored: 0, Refused: 1, Silent: 0, ErrorCode: 202));
        (await devnet[0].GetImmutableAsync(before.Target, Devnet.Guard())).ShouldBeNull();
        (await devnet[0].PingAsync(devnet[1].Endpoint(), Devnet.Guard())).Node.Id.ShouldBe(devnet[1].Id);
        store.Fault = null;
        (await devnet[0].GetImmutableAsync(before.Target, Devnet.Guard())).ShouldNotBeNull();
        (await devnet[0].PutImmutableAsync(ItemValue.FromText("after"), Devnet.Guard())).Commit.Stored.ShouldBe(1);
    }

    [Fact]
    public async Task A_store_that_throws_what_no_store_should_does_not_end_the_serving()
    {
        TestStore store = new();
        await using Devnet devnet = await Devnet.StartAsync(2, with: (number, options) => number == 1 ? options with { Store = store } : options);
        store.Fault = () => new InvalidOperationException("a fault of the store");
        (await devnet[0].PutImmutableAsync(ItemValue.FromText("x"), Devnet.Guard())).Commit.ErrorCode.ShouldBe(202);
        store.Fault = null;
        (await devnet[0].PutImmutableAsync(ItemValue.FromText("x"), Devnet.Guard())).Commit.Stored.ShouldBe(1);
        store.Fault = () => new ObjectDisposedException("store");
        await devnet[1].DisposeAsync().Guarded();
        devnet[1].Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task Peers_that_came_while_the_store_was_away_are_journaled_later()
    {
        ShiftedTimeProvider time = new();
        TestStore store = new(time);
        await using Devnet devnet = await Devnet.StartAsync(2, time, (number, options) => number == 1 ? options with { Store = store } : options);
        TaskCompletionSource failed = new();
        store.Fault = () =>
        {
            failed.TrySetResult();
            return new StoreUnavailableException(StoreFailure.Locked, "Locked.");
        };
        Key160 infoHash = Devnet.RandomKey();
        await devnet[0].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: Devnet.Guard());
        time.Advance(TimeSpan.FromSeconds(6));
        await failed.Task.Guarded();
        store.Fault = null;
        time.Advance(TimeSpan.FromSeconds(6));
        RecordPut put = await store.Puts.Reader.ReadAsync(Devnet.Guard());
        (put.Shelf, Key160.Read(put.Key.Span)).ShouldBe((Shelf.MainlinePeers, infoHash));
    }

    private async Task<MainlineDht> OpenAsync(int number, TimeProvider? time, string? bootstrap = null, MainlineState? state = null)
    {
        SqliteRecordStore store = await SqliteRecordStore.OpenAsync(Path.Combine(_folder.FullName, $"{number}.db"), timeProvider: time, cancellationToken: Devnet.Guard());
        MainlineOptions options = Devnet.OptionsOf(number, bootstrap is null ? [] : [bootstrap]) with { Store = store };
        return await MainlineDht.CreateAsync(options, state, timeProvider: time, cancellationToken: Devnet.Guard());
    }
}
