namespace Kadstone.Kademlia.Tests;

/// <summary>What a lookup costs in networks of several sizes and table shapes. Fixed seeds.</summary>
public sealed class LookupCostTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(300, 8)]
    [InlineData(300, 20)]
    [InlineData(300, 1000)]
    [InlineData(2000, 8)]
    [InlineData(2000, 20)]
    public void Measured(int nodes, int bucketSize)
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            Measure(new SimulatedNetwork(seed, nodes, bucketSize), new LookupOptions(), $"{nodes} nodes k={bucketSize} seed {seed}");
            SimulatedNetwork varied = new(seed, nodes, bucketSize);
            Random chance = new(seed);
            varied.RoundTrip = () => TimeSpan.FromMilliseconds(20 + 180 * Math.Pow(chance.NextDouble(), 2));
            Measure(varied, new LookupOptions(), $"{nodes} nodes k={bucketSize} seed {seed} varied");
        }
    }

    private Figures Measure(SimulatedNetwork network, LookupOptions options, string name, int lookups = 300)
    {
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
            Peer[] expected = [.. network.TrueClosest(target, 9).Where(peer => SimulatedNetwork.IndexOf(peer) != asker).Take(8)];
            hits += run.Hits(expected);
        }

        Figures figures = new(Quantile(requests, 0.5), Quantile(requests, 0.95), Quantile(took, 0.5), Quantile(took, 0.95), (double)hits / lookups);
        output.WriteLine($"{name}: {figures}");
        return figures;
    }

    private static T Quantile<T>(List<T> values, double part) => values.Order().ElementAt((int)((values.Count - 1) * part));

    private sealed record Figures(int MedianRequests, int P95Requests, double MedianMilliseconds, double P95Milliseconds, double Hits);
}
