using System.Net;
using System.Net.Sockets;
using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>Outcomes say why, and whatever is given up leaves nothing behind.</summary>
public sealed class OutcomeTests
{
    [Fact]
    public async Task An_outcome_tells_answered_silent_and_refused_apart()
    {
        await using Devnet devnet = await Devnet.StartAsync(6);
        await using StubNode refusing = new(70, query => query.Method == "get_peers" ? "!203" : "5:nodes0:");
        MainlineDht node = devnet[5];
        await node.ConnectAsync(refusing.Endpoint, cancellationToken: Devnet.Guard());
        await devnet[1].DisposeAsync();
        await devnet[2].DisposeAsync();
        PeerLookup lookup = node.GetPeersAsync(Devnet.RandomKey());
        (await lookup.AllAsync()).ShouldBeEmpty();
        lookup.Outcome.ShouldBe(new LookupOutcome(Asked: 6, Answered: 3, Silent: 2, Refused: 1));
        AnnounceResult announced = await node.AnnouncePeerAsync(Devnet.RandomKey(), 1, cancellationToken: Devnet.Guard());
        announced.Commit.ShouldBe(new CommitOutcome(Stored: 3, Refused: 0, Silent: 0, ErrorCode: 0));
        lookup.FirstPeerAfter.ShouldBeNull();
        await Should.ThrowAsync<InvalidOperationException>(lookup.AllAsync());
    }

    [Fact]
    public async Task With_nobody_known_every_verb_says_so_at_once()
    {
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(71));
        (await node.WaitForNetworkAsync(Devnet.Guard())).ShouldBe(0);
        (await Should.ThrowAsync<NoNetworkException>(() => node.FindNodeAsync(default, Devnet.Guard()))).Message.ShouldContain("bootstrap host");
        await Should.ThrowAsync<NoNetworkException>(() => node.GetPeersAsync(default).AllAsync());
        await Should.ThrowAsync<NoNetworkException>(() => node.AnnouncePeerAsync(default, 1, cancellationToken: Devnet.Guard()));
        await Should.ThrowAsync<NoNetworkException>(() => node.ScrapeAsync(default, Devnet.Guard()));
        await Should.ThrowAsync<NoNetworkException>(() => node.PutImmutableAsync(ItemValue.FromText("x"), Devnet.Guard()));
        await Should.ThrowAsync<NoNetworkException>(() => node.GetImmutableAsync(default, Devnet.Guard()));
        await Should.ThrowAsync<NoNetworkException>(() => node.SampleInfoHashesAsync(default, Devnet.Guard()).AllAsync());
        node.Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task With_nobody_answering_it_says_that_and_not_that_nobody_is_known()
    {
        using Socket deaf = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        deaf.Bind(new IPEndPoint(Devnet.AddressOf(72), 0));
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(73, deaf.LocalEndPoint!.ToString()!));
        NoNetworkException failure = await Should.ThrowAsync<NoNetworkException>(() => node.FindNodeAsync(default, Devnet.Guard()));
        failure.Message.ShouldContain("answered");
        await using MainlineDht hasty = await MainlineDht.CreateAsync(Devnet.OptionsOf(74, deaf.LocalEndPoint!.ToString()!) with { LookupTimeout = TimeSpan.FromMilliseconds(100) });
        await Should.ThrowAsync<NoNetworkException>(() => hasty.FindNodeAsync(default, Devnet.Guard()));
    }

    [Fact]
    public async Task A_lookup_that_takes_too_long_times_out_and_stops()
    {
        await using StubNode slow = new(75, query => query.Method == "get_peers" ? null : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(76, slow.Endpoint.ToString()) with { LookupTimeout = TimeSpan.FromMilliseconds(150) });
        await node.WaitForNetworkAsync(Devnet.Guard());
        await Should.ThrowAsync<DhtTimeoutException>(() => node.GetPeersAsync(default).AllAsync());
        node.Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task A_cancelled_lookup_leaves_nothing_running()
    {
        await using StubNode slow = new(77, query => query.Method is "get_peers" or "get" ? null : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(78, slow.Endpoint.ToString()));
        await node.WaitForNetworkAsync(Devnet.Guard());
        using CancellationTokenSource giveUp = new();
        Task[] tasks =
        [
            .. Enumerable.Range(0, 20).Select(_ => node.GetPeersAsync(Devnet.RandomKey()).GetAsyncEnumerator(giveUp.Token).MoveNextAsync().AsTask()),
            .. Enumerable.Range(0, 20).Select(_ => node.PutImmutableAsync(ItemValue.FromText($"{Guid.NewGuid()}"), giveUp.Token)),
            .. Enumerable.Range(0, 20).Select(_ => node.AnnouncePeerAsync(Devnet.RandomKey(), 1, cancellationToken: giveUp.Token)),
        ];
        await slow.NextAsync("get_peers");
        await slow.NextAsync("get");
        await giveUp.CancelAsync();
        foreach (Task task in tasks)
        {
            await Should.ThrowAsync<OperationCanceledException>(task.Guarded());
        }

        node.Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task Leaving_the_enumeration_stops_the_lookup()
    {
        await using StubNode slow = new(80, query => null);
        await using StubNode quick = new(79, query => query.Method == "get_peers" ? $"{StubNode.Nodes(slow)}6:valuesl6:\x7F\x4D\x09\x01\x12\x34" + "e" : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(81, quick.Endpoint.ToString()));
        await foreach (UdpEndpoint peer in node.GetPeersAsync(Devnet.RandomKey()).WithCancellation(Devnet.Guard()))
        {
            peer.ToString().ShouldBe("127.77.9.1:4660");
            node.Status().ActiveLookups.ShouldBe(1);
            break;
        }

        node.Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task A_slow_consumer_pauses_the_lookup_and_her_time_is_not_the_lookups()
    {
        ShiftedTimeProvider time = new();
        Key160 target = new(0, 0, 1);
        await using StubNode third = new(84, Peers(3, null), new Key160(0, 0, 2));
        await using StubNode second = new(83, Peers(2, third), new Key160(0, 1, 0));
        await using StubNode first = new(82, Peers(1, second), new Key160(1, 0, 0));
        await using MainlineDht node = await MainlineDht.CreateAsync(
            Devnet.OptionsOf(85, first.Endpoint.ToString()) with { LookupTimeout = TimeSpan.FromSeconds(20) }, timeProvider: time);
        await node.WaitForNetworkAsync(Devnet.Guard());
        PeerLookup lookup = node.GetPeersAsync(target);
        await using IAsyncEnumerator<UdpEndpoint> peers = lookup.GetAsyncEnumerator(Devnet.Guard());
        (await peers.MoveNextAsync()).ShouldBeTrue();
        await second.NextAsync("get_peers");

        // Its answer overflows the backlog. Two pings later it is certainly in, and nobody else was asked.
        await node.PingAsync(second.Endpoint, Devnet.Guard());
        await node.PingAsync(second.Endpoint, Devnet.Guard());
        third.Queries.TryRead(out _).ShouldBeFalse();
        time.Advance(TimeSpan.FromHours(1));
        int count = 1;
        while (await peers.MoveNextAsync())
        {
            count++;
        }

        await third.NextAsync("get_peers");
        count.ShouldBe(3 * 1_100);
        lookup.Outcome.Answered.ShouldBe(3);
    }

    private static Func<StubQuery, string?> Peers(int number, StubNode? next) => query =>
    {
        if (query.Method != "get_peers")
        {
            return "5:nodes0:";
        }

        StringBuilder values = new();
        for (int i = 0; i < 1_100; i++)
        {
            values.Append("6:").Append((char)127).Append((char)(78 + number)).Append((char)(i >> 8)).Append((char)(i & 0xFF)).Append((char)1).Append((char)1);
        }

        return $"{(next is null ? "5:nodes0:" : StubNode.Nodes(next))}6:valuesl{values}e";
    };
}
