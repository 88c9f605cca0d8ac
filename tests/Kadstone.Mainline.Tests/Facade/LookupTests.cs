using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>Finding nodes, seeing how it went, scraping, sampling, and how large the network seems.</summary>
public sealed class LookupTests
{
    [Fact]
    public async Task In_a_network_of_20_the_true_closest_8_are_found_and_the_trace_tells_how()
    {
        await using Devnet devnet = await Devnet.StartAsync(20);
        foreach (MainlineDht node in devnet.Nodes)
        {
            // Who joined early has not heard of all who came later: a look around, as the refresh of its buckets would take.
            await node.FindNodeAsync(node.Id, Devnet.Guard());
            await node.FindNodeAsync(Devnet.RandomKey(), Devnet.Guard());
        }

        for (int round = 0; round < 10; round++)
        {
            Key160 target = Devnet.RandomKey();
            MainlineDht asker = devnet[Random.Shared.Next(20)];
            FindNodeResult result = await asker.FindNodeAsync(target, Devnet.Guard());

            // On a busy machine somebody may be later than a lookup waits: whoever was asked and left the answer open is passed over.
            HashSet<Key160> late = [.. result.Traces.SelectMany(trace => trace.Steps).Where(step => step.RoundTrip is null).Select(step => step.Node.Id)];
            IEnumerable<Key160> closest = devnet.Nodes.Where(node => node != asker).Select(node => node.Id).Where(id => !late.Contains(id)).OrderBy(id => id ^ target).Take(8);
            result.Closest.Select(node => node.Id).ShouldBe(closest, $"{result.Lookup}");
            IsSane(result, target);
        }

        NetworkSize size = devnet[7].Status().NetworkSize;
        for (int round = 0; round < 20; round++)
        {
            await devnet[7].FindNodeAsync(Devnet.RandomKey(), Devnet.Guard());
        }

        size = devnet[7].Status().NetworkSize;

        // Of random keys some look like those of a network that shrank or grew, and then the older half of the lookups is forgotten.
        size.Lookups.ShouldBeGreaterThanOrEqualTo(4);
        size.Nodes.ShouldBeInRange(8, 50);
        size.Deviation.ShouldBeInRange(0.001, 50);
    }

    [Fact]
    public async Task A_scrape_estimates_seeds_and_downloaders_without_their_addresses()
    {
        await using Devnet devnet = await Devnet.StartAsync(12);
        Key160 infoHash = Devnet.RandomKey();
        for (int i = 0; i < 9; i++)
        {
            await devnet[i].AnnouncePeerAsync(infoHash, 1_000 + i, isSeed: i < 3, Devnet.Guard());
        }

        ScrapeResult scrape = await devnet[11].ScrapeAsync(infoHash, Devnet.Guard());
        scrape.Seeds.ShouldBeInRange(2.5, 3.5);
        scrape.Downloaders.ShouldBeInRange(5.5, 6.5);
        scrape.Nodes.ShouldBeGreaterThanOrEqualTo(8);
        (await devnet[11].ScrapeAsync(Devnet.RandomKey(), Devnet.Guard())).Nodes.ShouldBe(0);
    }

    [Fact]
    public async Task Leechers_that_ask_for_no_seeds_get_the_others_first()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        Key160 infoHash = Devnet.RandomKey();
        await devnet[0].AnnouncePeerAsync(infoHash, 1_000, isSeed: true, Devnet.Guard());
        await devnet[1].AnnouncePeerAsync(infoHash, 1_001, isSeed: false, Devnet.Guard());
        List<UdpEndpoint> peers = await devnet[3].GetPeersAsync(infoHash, prefersLeechers: true).AllAsync();
        peers.Select(peer => (int)peer.Port).ShouldContain(1_001);
    }

    [Fact]
    public async Task A_sample_names_what_a_node_stores_and_no_node_is_sampled_before_its_interval()
    {
        ShiftedTimeProvider time = new();
        await using Devnet devnet = await Devnet.StartAsync(4, time);
        List<Key160> infoHashes = [.. Enumerable.Range(0, 10).Select(_ => Devnet.RandomKey())];
        foreach (Key160 infoHash in infoHashes)
        {
            await devnet[0].AnnouncePeerAsync(infoHash, 1_000, cancellationToken: Devnet.Guard());
        }

        SampleResult sample = await devnet[3].SampleAsync(devnet[1].Endpoint(), cancellationToken: Devnet.Guard());
        sample.InfoHashes.ShouldBe(infoHashes, ignoreOrder: true);
        sample.Total.ShouldBe(10);
        sample.Interval.ShouldBeGreaterThan(TimeSpan.Zero);

        (await devnet[3].SampleInfoHashesAsync(Devnet.RandomKey(), Devnet.Guard()).AllAsync()).ShouldBe(infoHashes, ignoreOrder: true);
        (await devnet[3].SampleInfoHashesAsync(Devnet.RandomKey(), Devnet.Guard()).AllAsync()).ShouldBeEmpty();
        time.Advance(sample.Interval + TimeSpan.FromSeconds(1));
        (await devnet[3].SampleInfoHashesAsync(Devnet.RandomKey(), Devnet.Guard()).AllAsync()).ShouldBe(infoHashes, ignoreOrder: true);
    }

    [Fact]
    public async Task A_node_that_does_not_know_the_query_is_a_rejection_with_its_code()
    {
        await using StubNode old = new(90, query => query.Method == "sample_infohashes" ? "!204" : "5:nodes0:");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(91, old.Endpoint.ToString()));
        RejectedException failure = await Should.ThrowAsync<RejectedException>(() => node.SampleAsync(old.Endpoint, cancellationToken: Devnet.Guard()));
        failure.Code.ShouldBe(KrpcErrorCode.UnknownMethod);
    }

    [Fact]
    public async Task A_ping_says_who_answered_how_long_it_took_and_how_we_are_seen()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        PingResult ping = await devnet[0].PingAsync(devnet[1].Endpoint(), Devnet.Guard());
        ping.Node.ShouldBe(new NodeContact(devnet[1].Id, devnet[1].Endpoint()));
        ping.RoundTrip.ShouldBeGreaterThan(TimeSpan.Zero);
        ping.SeenAs.ShouldBe(devnet[0].Endpoint());
        ping.Version.ToArray()[..2].ShouldBe("KS"u8.ToArray());
    }

    private static void IsSane(FindNodeResult result, Key160 target)
    {
        LookupTrace trace = result.Traces.ShouldHaveSingleItem();
        trace.Target.ShouldBe(target);
        trace.IsIPv4.ShouldBeTrue();
        trace.End.ShouldBeOneOf(LookupEnd.Quorum, LookupEnd.Exhausted);
        trace.Closest.Select(node => node.Id).ShouldBe(result.Closest.Select(node => node.Id));
        trace.Steps.Count.ShouldBe(result.Lookup.Asked);
        trace.Steps.Select(step => step.Node.Endpoint).Distinct().Count().ShouldBe(trace.Steps.Count);
        for (int i = 0; i < trace.Steps.Count; i++)
        {
            TraceStep step = trace.Steps[i];
            step.IntroducedBy.ShouldBeInRange(-1, i - 1);
            step.Hop.ShouldBe(step.IntroducedBy < 0 ? 0 : trace.Steps[step.IntroducedBy].Hop + 1);
            step.SharedBits.ShouldBe((step.Node.Id ^ target).LeadingZeroCount);
            step.AskedAfter.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMinutes(1));
            (step.RoundTrip is not null).ShouldBe(step.State == LookupStepState.Answered);
        }
    }
}
