using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M108, M110, M111: <c>peer:new</c> and <c>peer:delete</c>, and closing the node inside a handler.</summary>
public sealed class PeerNewsTests
{
    [Fact]
    public async Task A_strangers_announce_is_news_and_not_ours()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        ChannelReader<PeerFound> news = News(devnet[0]);
        Key160 infoHash = Devnet.RandomKey();
        await devnet[1].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: Devnet.Guard());
        (await news.ReadAsync(Devnet.Guard())).ShouldBe(new PeerFound(infoHash, devnet[1].Endpoint().WithPort(4_242), IsAdvertised: false));
    }

    [Fact]
    public async Task A_strangers_announce_of_what_we_advertise_is_news_of_ours()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        ChannelReader<PeerFound> news = News(devnet[0]);
        Key160 infoHash = Devnet.RandomKey();
        await using Advertisement advertisement = devnet[0].Advertise(infoHash, 1_000);
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        PeerFound found;
        do
        {
            found = await news.ReadAsync(Devnet.Guard());
        }
        while (found.Peer.Port == 1_000);

        found.ShouldBe(new PeerFound(infoHash, devnet[1].Endpoint().WithPort(2_000), IsAdvertised: true));
    }

    [Fact]
    public async Task A_peer_that_our_advertisement_finds_elsewhere_is_news_of_ours()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        Key160 infoHash = Devnet.RandomKey();
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        MainlineDht late = await devnet.AddAsync();
        ChannelReader<PeerFound> news = News(late);
        await using Advertisement advertisement = late.Advertise(infoHash, 5_000);
        (await news.ReadAsync(Devnet.Guard())).ShouldBe(new PeerFound(infoHash, devnet[1].Endpoint().WithPort(2_000), IsAdvertised: true));
    }

    [Fact]
    public async Task A_peer_that_was_there_before_we_advertised_is_told_again_as_ours()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        ChannelReader<PeerFound> news = News(devnet[0]);
        Key160 infoHash = Devnet.RandomKey();
        UdpEndpoint peer = devnet[1].Endpoint().WithPort(2_000);
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        (await news.ReadAsync(Devnet.Guard())).ShouldBe(new PeerFound(infoHash, peer, IsAdvertised: false));
        await using Advertisement advertisement = devnet[0].Advertise(infoHash, 1_000);
        (await news.ReadAsync(Devnet.Guard())).ShouldBe(new PeerFound(infoHash, peer, IsAdvertised: true));
    }

    [Fact]
    public async Task A_peer_that_our_own_lookup_finds_is_news()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        Key160 infoHash = Devnet.RandomKey();
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        MainlineDht late = await devnet.AddAsync();
        ChannelReader<PeerFound> news = News(late);
        (await late.PeersAsync(infoHash)).Count.ShouldBe(1);
        (await news.ReadAsync(Devnet.Guard())).ShouldBe(new PeerFound(infoHash, devnet[1].Endpoint().WithPort(2_000), IsAdvertised: false));
    }

    [Fact]
    public async Task The_news_come_as_a_stream_too_and_it_ends_with_the_node()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        IAsyncEnumerator<PeerFound> stream = devnet[0].WatchPeersAsync(Devnet.Guard()).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Task<bool> next = stream.MoveNextAsync().AsTask();
        Key160 infoHash = Devnet.RandomKey();
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        (await next).ShouldBeTrue();
        stream.Current.InfoHash.ShouldBe(infoHash);
        next = stream.MoveNextAsync().AsTask();
        await devnet[0].DisposeAsync();
        (await next.Guarded()).ShouldBeFalse();
        await stream.DisposeAsync();
        (await devnet[0].WatchPeersAsync(Devnet.Guard()).AllAsync().Guarded()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_peer_that_is_announced_no_more_expires()
    {
        ShiftedTimeProvider time = new();
        await using Devnet devnet = await Devnet.StartAsync(2, time);
        Channel<PeerExpired> gone = Channel.CreateUnbounded<PeerExpired>();
        devnet[0].PeerExpired += (_, expired) => gone.Writer.TryWrite(expired);
        Key160 infoHash = Devnet.RandomKey();
        await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
        devnet[0].Status().StoredPeers.ShouldBe(1);
        time.Advance(TimeSpan.FromHours(1));
        (await gone.Reader.ReadAsync(Devnet.Guard())).ShouldBe(new PeerExpired(infoHash, devnet[1].Endpoint().WithPort(2_000)));
        (await devnet[1].PeersAsync(infoHash)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_peer_that_only_a_lookup_brought_expires_after_an_hour()
    {
        ShiftedTimeProvider time = new();
        await using StubNode stub = new(30, query => query.Method == "get_peers" ? "5:token4:tokn6:valuesl6:\x7F\x4D\x09\x01\x12\x34" + "e" : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(31, stub.Endpoint.ToString()), timeProvider: time);
        Channel<PeerExpired> gone = Channel.CreateUnbounded<PeerExpired>();
        node.PeerExpired += (_, expired) => gone.Writer.TryWrite(expired);
        ChannelReader<PeerFound> news = News(node);
        Key160 infoHash = Devnet.RandomKey();
        await node.PeersAsync(infoHash);
        PeerFound found = await news.ReadAsync(Devnet.Guard());
        found.Peer.ToString().ShouldBe("127.77.9.1:4660");
        time.Advance(TimeSpan.FromMinutes(62));
        (await gone.Reader.ReadAsync(Devnet.Guard())).ShouldBe(new PeerExpired(infoHash, found.Peer));
    }

    [Fact]
    public async Task A_handler_that_throws_stops_neither_the_node_nor_the_other_handlers()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        devnet[0].PeerFound += (_, _) => throw new InvalidOperationException("a fault of the listener");
        ChannelReader<PeerFound> news = News(devnet[0]);
        for (int i = 0; i < 3; i++)
        {
            Key160 infoHash = Devnet.RandomKey();
            await devnet[1].AnnouncePeerAsync(infoHash, 2_000, cancellationToken: Devnet.Guard());
            (await news.ReadAsync(Devnet.Guard())).InfoHash.ShouldBe(infoHash);
        }
    }

    [Fact]
    public async Task Close_inside_the_handler_returns_and_save_works_after_it()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        TaskCompletionSource<MainlineState> closed = new();
        devnet[0].PeerFound += (sender, _) =>
        {
            MainlineDht node = (MainlineDht)sender!;
            node.Close();
            node.Close();
            closed.TrySetResult(node.Save());
        };
        await devnet[1].AnnouncePeerAsync(Devnet.RandomKey(), 2_000, cancellationToken: Devnet.Guard());
        MainlineState state = await closed.Task.Guarded();
        state.Port.ShouldBe(devnet[0].Port);
        state.Nodes.Count.ShouldBe(2);
        await devnet[0].DisposeAsync().Guarded();
    }

    [Fact]
    public async Task Awaiting_the_disposal_inside_the_handler_ends()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        TaskCompletionSource closed = new();
        devnet[0].PeerFound += async (sender, _) =>
        {
            await ((MainlineDht)sender!).DisposeAsync();
            closed.TrySetResult();
        };
        await devnet[1].AnnouncePeerAsync(Devnet.RandomKey(), 2_000, cancellationToken: Devnet.Guard());
        await closed.Task.Guarded();
    }

    [Fact]
    public async Task Close_inside_the_handler_while_somebody_else_is_closing_returns()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        TaskCompletionSource entered = new();
        TaskCompletionSource closing = new();
        TaskCompletionSource closed = new();
        devnet[0].PeerFound += (sender, _) =>
        {
            entered.TrySetResult();
            closing.Task.Wait(Devnet.Patience, CancellationToken.None);
            ((MainlineDht)sender!).Close();
            closed.TrySetResult();
        };
        await devnet[1].AnnouncePeerAsync(Devnet.RandomKey(), 2_000, cancellationToken: Devnet.Guard());
        await entered.Task.Guarded();
        Task disposal = devnet[0].DisposeAsync().AsTask();
        closing.SetResult();
        await disposal.Guarded();
        await closed.Task.Guarded();
    }

    [Fact]
    public async Task Close_inside_the_expiry_handler_returns()
    {
        ShiftedTimeProvider time = new();
        await using StubNode stub = new(32, query => query.Method == "get_peers" ? "5:token4:tokn6:valuesl6:\x7F\x4D\x09\x01\x12\x34" + "e" : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(33, stub.Endpoint.ToString()), timeProvider: time);
        TaskCompletionSource closed = new();
        node.PeerExpired += (_, _) =>
        {
            node.Close();
            closed.TrySetResult();
        };
        ChannelReader<PeerFound> news = News(node);
        await node.PeersAsync(Devnet.RandomKey());
        await news.ReadAsync(Devnet.Guard());
        time.Advance(TimeSpan.FromMinutes(62));
        await closed.Task.Guarded();
    }

    [Fact]
    public async Task Closing_many_times_at_once_is_closing_once()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(devnet[0].Close, TestContext.Current.CancellationToken))).Guarded();
        await Should.ThrowAsync<ObjectDisposedException>(() => devnet[0].FindNodeAsync(default, Devnet.Guard()));
    }

    private static ChannelReader<PeerFound> News(MainlineDht node)
    {
        Channel<PeerFound> news = Channel.CreateUnbounded<PeerFound>();
        node.PeerFound += (_, found) => news.Writer.TryWrite(found);
        return news.Reader;
    }
}
