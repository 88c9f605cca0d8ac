using System.Collections.Concurrent;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>The verbs of <see cref="IHyperDht"/> on the first generation's wire, over loopback.</summary>
public sealed class Gen1HyperDhtTests : IAsyncLifetime
{
    private static readonly RpcOptions s_options = new() { Host = IPAddress.Loopback, Scope = AddressScope.Private, Diversity = false };
    private static readonly Key256 s_topic = new(1, 2);

    private readonly SteppedTimeProvider _time = new();
    private readonly List<Gen1HyperDht> _nodes = [];
    private Gen1RpcNode _bootstrap = Gen1RpcNode.CreateBootstrapper(0, s_options);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bootstrap = Gen1RpcNode.CreateBootstrapper(0, s_options, timeProvider: _time);
        await _bootstrap.ListenAsync(cancellationToken: Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        // Who announced takes it back while the other is still there: on a clock that stands still nobody is given up.
        foreach (Gen1HyperDht node in Enumerable.Reverse(_nodes))
        {
            await node.DisposeAsync();
        }

        await _bootstrap.DisposeAsync();
    }

    [Fact]
    public async Task Two_nodes_find_what_one_announced_and_neither_is_told_of_itself()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        await DrainAsync(second.AnnounceAsync(s_topic, new AnnounceOptions { Port = 10_000 }, Cancelled));
        (await FindAsync(first)).ShouldBe(["127.0.0.1:10000"]);

        // Without a port it is the socket's own.
        List<PeersFound> found = await DrainAsync(first.AnnounceAsync(s_topic, cancellationToken: Cancelled));
        found.SelectMany(each => each.Peers).ShouldAllBe(peer => peer.Port == 10_000);
        (await FindAsync(second, new AnnounceOptions { Port = 10_000 })).ShouldBe([first.Node.LocalEndpoint.ToString()]);

        await second.UnannounceAsync(s_topic, new AnnounceOptions { Port = 10_000 }, Cancelled);
        (await FindAsync(first)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_first_peer_comes_before_the_announce_is_stored()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        await DrainAsync(second.AnnounceAsync(s_topic, new AnnounceOptions { Port = 10_000 }, Cancelled));
        await foreach (PeersFound found in first.AnnounceAsync(s_topic, new AnnounceOptions { Port = 10_001 }, Cancelled))
        {
            found.Peers.Single().Port.ShouldBe(10_000);
            break;
        }

        second.Stored.ShouldBe(0, "who leaves the loop is not announced");
        await DrainAsync(first.AnnounceAsync(s_topic, new AnnounceOptions { Port = 10_001 }, Cancelled));
        second.Stored.ShouldBe(1);
    }

    [Fact]
    public async Task The_lists_are_what_the_streams_give()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        await DrainAsync(second.AnnounceAsync(s_topic, new AnnounceOptions { Port = 10_000 }, Cancelled));
        string[] streamed = [.. (await DrainAsync(first.LookupAsync(s_topic, cancellationToken: Cancelled))).Select(Describe)];
        streamed.ShouldNotBeEmpty();
        (await first.LookupAllAsync(s_topic, cancellationToken: Cancelled)).Select(Describe).ShouldBe(streamed);
        (await first.AnnounceAllAsync(s_topic, cancellationToken: Cancelled)).Select(Describe).ShouldBe(streamed, "an announce finds what a lookup does");

        RpcQuery query = first.Node.QueryAsync(s_topic, new RpcCommand("peers", 0), new byte[] { 8, 0 });
        List<UdpEndpoint> looped = [];
        await foreach (RpcAnswer answer in query.WithCancellation(Cancelled))
        {
            looped.Add(answer.From);
        }

        IReadOnlyList<RpcAnswer> listed = await first.Node.QueryAsync(s_topic, new RpcCommand("peers", 0), new byte[] { 8, 0 }).ToListAsync(Cancelled);
        listed.Select(answer => answer.From).ShouldBe(looped, ignoreOrder: true);

        static string Describe(PeersFound found) => $"{found.Node}: {string.Join(' ', found.Peers)}";
    }

    [Fact]
    public async Task Local_peers_are_told_with_their_whole_address()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        await DrainAsync(second.AnnounceAsync(s_topic, new AnnounceOptions { LocalAddress = IPEndPoint.Parse("192.168.1.2:8888") }, Cancelled));
        List<PeersFound> near = await DrainAsync(first.LookupAsync(s_topic, new AnnounceOptions { LocalAddress = IPEndPoint.Parse("192.168.7.7:1") }, Cancelled));
        PeersFound found = near.ShouldHaveSingleItem();
        found.Node.ShouldBe(UdpEndpoint.From(first.Node.LocalEndpoint));
        (found.Peers.Single(), found.LocalPeers.Single(), found.Records.Count).ShouldBe((second.Node.LocalEndpoint, IPEndPoint.Parse("192.168.1.2:8888"), 0));
        (await DrainAsync(first.LookupAsync(s_topic, new AnnounceOptions { LocalAddress = IPEndPoint.Parse("10.0.7.7:1") }, Cancelled))).Single().LocalPeers.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kept_announce_is_found_after_an_hour_and_a_crashed_one_is_gone_in_seven_minutes()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        ConcurrentQueue<HyperTraffic> heard = new();
        Task watching = CollectAsync(first, heard);
        IAnnouncement announcement = second.KeepAnnounced(s_topic, new AnnounceOptions { Port = 10_000 });
        await announcement.Announced.WaitAsync(Cancelled);
        for (int count = 1; count <= 12; count++)
        {
            (await RenewAsync(announcement)).ShouldBeInRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
            announcement.Count.ShouldBe(count + 1);
        }

        heard.ShouldBe(Enumerable.Repeat(new HyperTraffic(HyperTrafficKind.Announce, s_topic, UdpEndpoint.From(second.Node.LocalEndpoint), 10_000), 13));
        (announcement.Topic, announcement.Count).ShouldBe((s_topic, 13));
        (await FindAsync(first)).ShouldBe(["127.0.0.1:10000"]);

        // It crashes: nothing is taken back.
        await second.Node.DisposeAsync();
        _time.Move(TimeSpan.FromMinutes(7));
        first.Stored.ShouldBe(0);
        await first.DisposeAsync();
        await watching.WaitAsync(Cancelled);
    }

    [Fact]
    public async Task A_kept_announce_that_is_disposed_is_taken_back()
    {
        (Gen1HyperDht first, Gen1HyperDht second) = await PairAsync();
        IAnnouncement announcement = second.KeepAnnounced(s_topic);
        await announcement.Announced.WaitAsync(Cancelled);
        first.Stored.ShouldBe(1);
        await announcement.DisposeAsync();
        await announcement.DisposeAsync();
        first.Stored.ShouldBe(0);
    }

    [Fact]
    public async Task An_announce_that_nobody_takes_fails_with_the_reason()
    {
        await using Gen1HyperDht alone = Gen1HyperDht.Create(s_options);
        IAnnouncement announcement = alone.KeepAnnounced(s_topic);
        (await Should.ThrowAsync<NoAnswerException>(() => announcement.Announced)).Message.ShouldBe("No nodes responded.");
        announcement.Count.ShouldBe(0);
        await announcement.DisposeAsync();
        Should.Throw<ArgumentException>(() => alone.KeepAnnounced(s_topic, new AnnounceOptions { Port = 65_536 }));
        Should.Throw<ArgumentException>(() => alone.LookupAsync(s_topic, new AnnounceOptions { LocalAddress = new IPEndPoint(IPAddress.IPv6Loopback, 1) }));
    }

    [Fact]
    public async Task Watchers_end_with_the_node()
    {
        Gen1HyperDht node = Gen1HyperDht.Create(s_options);
        Task watching = CollectAsync(node, new ConcurrentQueue<HyperTraffic>());
        await node.DisposeAsync();
        await watching.WaitAsync(Cancelled);
    }

    private static async Task<List<PeersFound>> DrainAsync(IAsyncEnumerable<PeersFound> found)
    {
        List<PeersFound> all = [];
        await foreach (PeersFound each in found)
        {
            all.Add(each);
        }

        return all;
    }

    private static async Task CollectAsync(Gen1HyperDht dht, ConcurrentQueue<HyperTraffic> heard)
    {
        await foreach (HyperTraffic traffic in dht.WatchAsync(Cancelled))
        {
            heard.Enqueue(traffic);
        }
    }

    private static async Task<string[]> FindAsync(Gen1HyperDht dht, AnnounceOptions? options = null) =>
        [.. (await DrainAsync(dht.LookupAsync(s_topic, options, Cancelled))).SelectMany(found => found.Peers).Select(peer => peer.ToString()).Distinct()];

    private static int OpenRequests(Gen1HyperDht dht) => ((Gen1RpcNode)dht.Node).Started().Run(0, static (protocol, _, now) =>
    {
        protocol.Elapse(now);
        return protocol.OpenRequests;
    });

    /// <summary>Moves the clock to the next announce.</summary>
    private async Task<TimeSpan> RenewAsync(IAnnouncement announcement)
    {
        // It sleeps by the only timer that far away.
        int count = announcement.Count;
        await Waiting.UntilAsync(() => _time.UntilLast() > TimeSpan.FromMinutes(3));
        TimeSpan pause = _time.UntilLast();

        // Datagrams take no time on this clock, but some in the world: while a question is open the clock stands still.
        TimeSpan step = TimeSpan.FromMilliseconds(500);
        for (TimeSpan moved = TimeSpan.Zero; moved < pause; moved += step)
        {
            await Waiting.UntilAsync(() => _nodes.TrueForAll(node => OpenRequests(node) == 0));
            _time.Move(step);
        }

        await Waiting.UntilAsync(() => announcement.Count > count);
        return pause;
    }

    /// <summary>Two nodes that know each other.</summary>
    private async Task<(Gen1HyperDht First, Gen1HyperDht Second)> PairAsync()
    {
        for (int i = 0; i < 2; i++)
        {
            _nodes.Add(Gen1HyperDht.Create(s_options with { Bootstrap = [_bootstrap.LocalEndpoint.ToString()] }, timeProvider: _time));
            await _nodes[i].Node.Ready.WaitAsync(Cancelled);
            int known = i + 1;
            await Waiting.UntilAsync(() => _bootstrap.Contacts().Count == known);
        }

        await _nodes[0].Node.BootstrapAsync(Cancelled);
        await Waiting.UntilAsync(() => ((Gen1RpcNode)_nodes[0].Node).Contacts().Count == 1);
        await Waiting.UntilAsync(() => ((Gen1RpcNode)_nodes[1].Node).Contacts().Count == 1);
        return (_nodes[0], _nodes[1]);
    }
}
