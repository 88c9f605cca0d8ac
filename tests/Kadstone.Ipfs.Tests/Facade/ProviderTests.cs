using System.Collections.Concurrent;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class ProviderTests
{
    private static readonly FindProvidersOptions s_any = new() { NumProviders = 0 };

    [Fact]
    public async Task Contents_of_a_region_are_told_again_with_one_search_and_one_stream_to_each_peer()
    {
        const int Contents = 300;
        await using Network network = await Network.StartAsync(12);
        LateClock clock = new();
        IpfsDht node = await network.AddAsync(time: clock);
        for (int i = 0; i < Contents; i++)
        {
            await node.Keeper.RememberProvidedAsync(Peers.Content(i).Multihash, Network.Cancelled);
        }

        long before = node.Status()[0].Requests;
        clock.Late = TimeSpan.FromHours(22);
        while (network.Nodes.Sum(each => each.Status()[0].Providers) < 13 * Contents)
        {
            await node.Keeper.TellDueAsync(Network.Cancelled);
        }

        (node.Status()[0].Requests - before).ShouldBeLessThan(3 * 12);
        (await network[3].FindProvidersListAsync(Peers.Content(Contents - 1), cancellationToken: Network.Cancelled, options: new FindProvidersOptions { NumProviders = 0 }))
            .ShouldHaveSingleItem().Id.ShouldBe(node.LocalPeer);
    }

    [Fact]
    public async Task Content_that_is_provided_is_found_under_every_form_of_its_name()
    {
        await using Network network = await Network.StartAsync(8);
        Cid version0 = Cid.Parse("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4");
        Cid raw = Cid.Create(Cid.RawCodec, version0.Multihash.Span);

        ProvideOutcome outcome = await network[1].ProvideAsync(version0, cancellationToken: Network.Cancelled);

        outcome.ShouldBe(new ProvideOutcome(1, 7, 0));
        IAsyncEnumerable<PeerInfo>[] forms =
        [
            network[5].FindProvidersAsync(version0, s_any, Network.Cancelled),
            network[5].FindProvidersAsync(version0.ToVersion1(), s_any, Network.Cancelled),
            network[5].FindProvidersAsync(raw, s_any, Network.Cancelled),
            network[5].FindProvidersAsync(raw.ToString(), s_any, Network.Cancelled),
            network[5].FindProvidersAsync(raw.Bytes, s_any, Network.Cancelled),
            network[5].FindProvidersAsync(version0.Multihash, s_any, Network.Cancelled),
        ];
        foreach (IAsyncEnumerable<PeerInfo> form in forms)
        {
            PeerInfo provider = (await form.ListAsync()).ShouldHaveSingleItem();
            provider.Id.ShouldBe(network[1].LocalPeer);
            provider.Addresses.ShouldContain(network[1].Addresses[0]);
        }
    }

    [Fact]
    public async Task Twenty_of_thirty_providers_are_enough_and_end_the_search()
    {
        await using Network network = await Network.StartAsync(32);
        Cid cid = Peers.Content(1);
        foreach (IpfsDht node in network.Nodes.Take(30))
        {
            await node.ProvideAsync(cid, cancellationToken: Network.Cancelled);
        }

        IReadOnlyList<PeerInfo> providers = await network[31].FindProvidersListAsync(cid, cancellationToken: Network.Cancelled);
        List<PeerInfo> streamed = await network[31].FindProvidersAsync(cid, new FindProvidersOptions { NumProviders = 30 }, Network.Cancelled).ListAsync();

        providers.Select(provider => provider.Id).Distinct().Count().ShouldBe(20);
        providers.Count.ShouldBe(20);
        streamed.Select(provider => provider.Id).ShouldBe(network.Nodes.Take(30).Select(node => node.LocalPeer), ignoreOrder: true);
    }

    [Fact]
    public async Task Five_of_twenty_wanted_come_and_then_an_error_unless_it_is_not_wanted()
    {
        await using Network network = await Network.StartAsync(8);
        Cid cid = Peers.Content(2);
        foreach (IpfsDht node in network.Nodes.Take(5))
        {
            await node.ProvideAsync(cid, cancellationToken: Network.Cancelled);
        }

        List<PeerInfo> providers = [];
        NotEnoughProvidersException exception = await Should.ThrowAsync<NotEnoughProvidersException>(async () =>
        {
            await foreach (PeerInfo provider in network[7].FindProvidersAsync(cid, cancellationToken: Network.Cancelled))
            {
                providers.Add(provider);
            }
        });
        IReadOnlyList<PeerInfo> quiet = await network[7].FindProvidersListAsync(cid, new FindProvidersOptions { ThrowIfFewer = false }, Network.Cancelled);

        providers.Count.ShouldBe(5);
        exception.Found.ShouldBe(5);
        exception.Wanted.ShouldBe(20);
        quiet.Select(provider => provider.Id).ShouldBe(providers.Select(provider => provider.Id), ignoreOrder: true);
    }

    [Fact]
    public async Task Several_contents_are_told_at_once_and_a_missing_one_is_refused_before_anything_is_told()
    {
        await using Network network = await Network.StartAsync(4);
        Cid[] cids = [Peers.Content(1), Peers.Content(2), Peers.Content(3)];

        ProvideOutcome outcome = await network[1].ProvideAsync(cids, cancellationToken: Network.Cancelled);

        outcome.ShouldBe(new ProvideOutcome(3, 9, 0));
        foreach (Cid cid in cids)
        {
            (await network[2].FindProvidersListAsync(cid, s_any, Network.Cancelled)).ShouldHaveSingleItem().Id.ShouldBe(network[1].LocalPeer);
        }

        await Should.ThrowAsync<ArgumentException>(() => network[1].ProvideAsync([Peers.Content(4), null!], cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<FormatException>(() => network[1].ProvideAsync("no cid", cancellationToken: Network.Cancelled));
        (await network[2].FindProvidersListAsync(Peers.Content(4), s_any, Network.Cancelled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Content_that_is_not_here_is_not_provided()
    {
        IpfsOptions choosy = Network.Options with { HasContent = (cid, _) => ValueTask.FromResult(cid != Peers.Content(2)) };
        await using Network network = await Network.StartAsync(3, _ => choosy);

        ContentNotLocalException exception = await Should.ThrowAsync<ContentNotLocalException>(
            () => network[1].ProvideAsync([Peers.Content(1), Peers.Content(2)], cancellationToken: Network.Cancelled));

        exception.Cid.ShouldBe(Peers.Content(2));
        (await network[2].FindProvidersListAsync(Peers.Content(1), s_any, Network.Cancelled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_graph_is_told_with_each_of_its_blocks_once()
    {
        // 1 links to 2 and 3, both of which link to 4.
        Dictionary<Cid, Cid[]> graph = new()
        {
            [Peers.Content(1)] = [Peers.Content(2), Peers.Content(3)],
            [Peers.Content(2)] = [Peers.Content(4)],
            [Peers.Content(3)] = [Peers.Content(4)],
            [Peers.Content(4)] = [],
        };
        ConcurrentBag<Cid> walked = [];
        IpfsOptions linked = Network.Options with
        {
            Links = cid =>
            {
                walked.Add(cid);
                return graph[cid].ToAsyncEnumerable();
            },
        };
        await using Network network = await Network.StartAsync(3, _ => linked);

        ProvideOutcome outcome = await network[1].ProvideAsync(Peers.Content(1), new ProvideOptions { Recursive = true }, Network.Cancelled);

        outcome.ShouldBe(new ProvideOutcome(4, 8, 0));
        walked.ShouldBe(graph.Keys, ignoreOrder: true);
        (await network[2].FindProvidersListAsync(Peers.Content(4), s_any, Network.Cancelled)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Without_links_nothing_is_told_recursively()
    {
        await using Network network = await Network.StartAsync(2);

        await Should.ThrowAsync<ArgumentException>(() => network[1].ProvideAsync(Peers.Content(1), new ProvideOptions { Recursive = true }, Network.Cancelled));
    }

    [Fact]
    public async Task The_events_of_a_provide_tell_and_those_of_a_search_name_the_provider()
    {
        await using Network network = await Network.StartAsync(6);
        Cid cid = Peers.Content(5);

        List<QueryEvent> told = await network[1].ProvideEventsAsync(cid, cancellationToken: Network.Cancelled).ListAsync();
        List<QueryEvent> found = await network[4].FindProvidersEventsAsync(cid, s_any, Network.Cancelled).ListAsync();

        told.Count(happened => happened.Type == QueryEventType.FinalPeer).ShouldBe(5);
        told.FindLastIndex(happened => happened.Type == QueryEventType.SendingQuery).ShouldBeGreaterThan(told.FindLastIndex(happened => happened.Type == QueryEventType.FinalPeer));
        found.Single(happened => happened.Type == QueryEventType.Provider).Responses.ShouldHaveSingleItem().Id.ShouldBe(network[1].LocalPeer);
    }

    [Fact]
    public async Task Who_leaves_the_events_after_the_first_tells_nobody()
    {
        await using Network network = await Network.StartAsync(6);
        Cid cid = Peers.Content(6);

        await foreach (QueryEvent _ in network[1].ProvideEventsAsync(cid, new ProvideOptions { Keep = false }, Network.Cancelled))
        {
            break;
        }

        network[1].Status()[0].ActiveQueries.ShouldBe(0);
        network.Nodes.Where(node => node != network[1]).Sum(node => node.Status()[0].Providers).ShouldBe(0);
    }

    [Fact]
    public async Task Consuming_the_events_does_what_the_task_does()
    {
        await using Network network = await Network.StartAsync(24);

        int events = await network[1].ProvideEventsAsync(Peers.Content(7), cancellationToken: Network.Cancelled).ConsumeAsync(Network.Cancelled);
        ProvideOutcome outcome = await network[1].ProvideAsync(Peers.Content(8), cancellationToken: Network.Cancelled);

        events.ShouldBeGreaterThan(40);
        outcome.Told.ShouldBe(20);
        int others = network.Nodes.Where(node => node != network[1]).Sum(node => node.Status()[0].Providers);
        others.ShouldBe(40);
    }

    [Fact]
    public async Task A_provider_is_heard_of_before_the_search_ends()
    {
        await using Network network = await Network.StartAsync(12);
        Cid cid = Peers.Content(9);
        await network[1].ProvideAsync(cid, cancellationToken: Network.Cancelled);

        await foreach (PeerInfo provider in network[10].FindProvidersAsync(cid, cancellationToken: Network.Cancelled))
        {
            provider.Id.ShouldBe(network[1].LocalPeer);
            network[10].Status()[0].ActiveQueries.ShouldBeGreaterThan(0);
            break;
        }
    }

    [Fact]
    public async Task Content_that_is_provided_no_more_is_forgotten_here_at_once()
    {
        await using Network network = await Network.StartAsync(2);
        await network[1].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);

        (await network[1].StopProvidingAsync(Peers.Content(1), Network.Cancelled)).ShouldBeTrue();
        (await network[1].StopProvidingAsync(Peers.Content(1), Network.Cancelled)).ShouldBeFalse();
        network[1].Status()[0].Providers.ShouldBe(0);
    }

    /// <summary>The system's clock with another time of day.</summary>
    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Late { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Late;
    }
}
