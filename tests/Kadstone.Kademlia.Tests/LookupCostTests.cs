namespace Kadstone.Kademlia.Tests;

/// <summary>What a lookup costs in networks of several sizes and table shapes. Fixed seeds.</summary>
public sealed class LookupCostTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Three_hundred_nodes_are_searched_with_eleven_requests_in_two_round_trips(int seed)
    {
        Figures figures = Measure(new SimulatedNetwork(seed, 300, bucketSize: 8), new LookupOptions());

        figures.Hits.ShouldBe(8.0);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(11);
        figures.P95Requests.ShouldBeLessThanOrEqualTo(15);
        figures.MedianMilliseconds.ShouldBe(200);
        figures.P95Milliseconds.ShouldBeLessThanOrEqualTo(300);
    }

    [Fact]
    public void Varied_round_trips_cost_no_more_requests()
    {
        SimulatedNetwork network = new(3, 300, bucketSize: 8);
        Random chance = new(3);
        network.RoundTrip = () => LogNormal(chance);

        Figures figures = Measure(network, new LookupOptions());

        figures.Hits.ShouldBe(8.0);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(12);
        figures.P95Requests.ShouldBeLessThanOrEqualTo(16);
    }

    [Fact]
    public void Two_thousand_nodes_are_searched_in_three_round_trips()
    {
        Figures figures = Measure(new SimulatedNetwork(4, 2000, bucketSize: 8), new LookupOptions());

        figures.Hits.ShouldBe(8.0, tolerance: 0.01);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(16);
        figures.P95Requests.ShouldBeLessThanOrEqualTo(22);
        figures.P95Milliseconds.ShouldBeLessThanOrEqualTo(300);
    }

    [Fact]
    public void Larger_tables_make_lookups_cheaper()
    {
        Figures figures = Measure(new SimulatedNetwork(5, 300, bucketSize: 20), new LookupOptions());

        figures.Hits.ShouldBe(8.0);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(10);
        figures.P95Requests.ShouldBeLessThanOrEqualTo(12);
        figures.P95Milliseconds.ShouldBe(200);
    }

    [Fact]
    public void Whoever_knows_everyone_asks_the_eight_closest_and_no_other()
    {
        Figures figures = Measure(new SimulatedNetwork(6, 300, bucketSize: 300), new LookupOptions());

        figures.Hits.ShouldBe(8.0);
        figures.P95Requests.ShouldBe(8);
        figures.P95Milliseconds.ShouldBe(200);
    }

    [Fact]
    public void The_proportions_of_a_network_with_k_20_hold()
    {
        LookupOptions options = new() { Width = 20, Quorum = 20, Parallelism = 10, ClosingParallelism = 20, MaxCandidates = 256 };
        Figures figures = Measure(new SimulatedNetwork(7, 1000, bucketSize: 20, width: 20), options);

        figures.Hits.ShouldBe(20.0);
        figures.MedianMilliseconds.ShouldBe(200);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(32);
    }

    [Fact]
    public void A_quorum_of_three_ends_early_and_finds_the_three_closest()
    {
        LookupOptions options = new() { Width = 20, Quorum = 3, Parallelism = 10, ClosingParallelism = 10 };
        Figures figures = Measure(new SimulatedNetwork(8, 1000, bucketSize: 20, width: 20), options, quorum: 3);

        figures.Hits.ShouldBe(3.0);
        figures.MedianRequests.ShouldBeLessThanOrEqualTo(22);
    }

    [Fact]
    public void When_three_of_five_nodes_are_silent_the_living_closest_are_still_found()
    {
        SimulatedNetwork network = new(9, 300, bucketSize: 8);
        for (int i = 0; i < 300; i++)
        {
            if (i % 5 < 3)
            {
                network.Silence(i);
            }
        }

        Figures figures = Measure(network, new LookupOptions { Diversity = new DiversityLimits() });

        output.WriteLine("60 % silent");
        figures.Hits.ShouldBeGreaterThan(5.5);
        figures.P95Requests.ShouldBeLessThan(80);
    }

    private Figures Measure(SimulatedNetwork network, LookupOptions options, int lookups = 200, int? quorum = null)
    {
        int wanted = quorum ?? options.Quorum;
        List<int> requests = [];
        List<double> took = [];
        int hits = 0;
        for (int i = 0; i < lookups; i++)
        {
            Key160 target = Keyspace.Random<Key160>(network.Chance);
            int asker = network.Chance.Next(network.Nodes.Count);
            LookupRun run = network.Run(target, asker, options);
            requests.Add(run.Lookup.Asked);
            took.Add(run.Took.TotalMilliseconds);
            Peer[] expected = [.. network.TrueClosest(target, wanted + 1).Where(peer => SimulatedNetwork.IndexOf(peer) != asker).Take(wanted)];
            hits += run.Hits(expected);
        }

        Figures figures = new(Quantile(requests, 0.5), Quantile(requests, 0.95), Quantile(took, 0.5), Quantile(took, 0.95), (double)hits / lookups);
        output.WriteLine(figures.ToString());
        return figures;
    }

    private static TimeSpan LogNormal(Random chance)
    {
        double normal = Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        return TimeSpan.FromMilliseconds(Math.Clamp(63 * Math.Exp(0.6 * normal), 20, 200));
    }

    private static T Quantile<T>(List<T> values, double part) => values.Order().ElementAt((int)((values.Count - 1) * part));

    private sealed record Figures(int MedianRequests, int P95Requests, double MedianMilliseconds, double P95Milliseconds, double Hits);
}
