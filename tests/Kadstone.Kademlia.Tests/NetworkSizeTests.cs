namespace Kadstone.Kademlia.Tests;

public sealed class NetworkSizeTests
{
    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(1_000, 2)]
    [InlineData(100_000, 3)]
    [InlineData(100_000, 4)]
    public void The_true_size_lies_within_three_deviations(int nodes, int seed)
    {
        NetworkSizeEstimator<Key160> estimator = new();
        Observe(estimator, new Random(seed), nodes, lookups: 32, k: 8);

        NetworkSize size = estimator.Estimate;

        size.Lookups.ShouldBeInRange(16, 32, "two halves that differ by chance look like a network of another size: the older one is forgotten");
        size.Deviation.ShouldBeInRange(0.05 * size.Nodes, 0.07 * size.Nodes);
        Math.Abs(size.Nodes - nodes).ShouldBeLessThan(3 * size.Deviation, $"{size}");
    }

    [Fact]
    public void The_deviation_it_states_is_the_one_it_has()
    {
        double squares = 0;
        double mean = 0;
        const int Runs = 400;
        for (int seed = 0; seed < Runs; seed++)
        {
            NetworkSizeEstimator<Key256> estimator = new();
            Observe(estimator, new Random(seed), nodes: 500, lookups: 4, k: 8);
            NetworkSize size = estimator.Estimate;
            double error = (size.Nodes - 500) / size.Deviation;
            squares += error * error;
            mean += size.Nodes / Runs;
        }

        mean.ShouldBeInRange(480, 520);
        Math.Sqrt(squares / Runs).ShouldBeInRange(0.8, 1.2);
    }

    [Fact]
    public void Nothing_observed_is_no_estimate()
    {
        NetworkSizeEstimator<Key160> estimator = new();
        estimator.Observe(default, []);

        estimator.Estimate.ShouldBe(new NetworkSize(0, double.PositiveInfinity, 0));
    }

    [Fact]
    public void Only_the_last_lookups_count()
    {
        NetworkSizeEstimator<Key160> estimator = new(window: 16);
        Observe(estimator, new Random(1), nodes: 200, lookups: 16, k: 8);
        Observe(estimator, new Random(2), nodes: 5_000, lookups: 16, k: 8);

        estimator.Estimate.Nodes.ShouldBeInRange(3_500, 7_000);
        estimator.Estimate.Lookups.ShouldBe(16);
    }

    private static void Observe<TKey>(NetworkSizeEstimator<TKey> estimator, Random chance, int nodes, int lookups, int k)
        where TKey : struct, IKey<TKey>
    {
        TKey[] keys = [.. Enumerable.Range(0, nodes).Select(_ => Keyspace.Random<TKey>(chance))];
        for (int i = 0; i < lookups; i++)
        {
            TKey target = Keyspace.Random<TKey>(chance);
            TKey[] distances = Array.ConvertAll(keys, key => key ^ target);
            Array.Sort(distances);
            estimator.Observe(target, Array.ConvertAll(distances[..k], distance => distance ^ target));
        }
    }
}
