using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 1: a healthy network converges; what is announced is found.</summary>
public sealed class HealthyNetworkTests
{
    [Fact]
    public void What_is_announced_is_found() => Scenario(seed: 1, nodes: 200, topics: 100);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void What_is_announced_is_found_among_a_thousand(int seed) => Scenario(seed, nodes: 1_000, topics: 2_000);

    internal static HyperWorld Scenario(int seed, int nodes, int topics, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        List<Announcer> announced = world.Publish(topics, TimeSpan.FromMinutes(1));
        List<Probe> probes = world.Seek(announced, topics, TimeSpan.FromMinutes(1));
        double found = Bar.Found(probes);
        double hops = probes.Average(probe => probe.Walk.Lookup.MaxHops);
        double overlap = world.Overlap(probes);
        double stored = announced.Average(one => one.LastStored);
        int started = 0;

        // The estimates rest on lookups since the network stands: the first of each node saw a smaller one.
        Member[] asked = [.. world.Members.Where((_, i) => i % Math.Max(1, nodes / 100) == 0)];
        world.Probes(asked.Length * 16, TimeSpan.FromMinutes(5), () => Probe.Start(world, asked[started++ % asked.Length], world.Key(), null));
        NetworkSize[] sizes = [.. asked.Select(member => member.Core.Size)];
        int persistent = world.Members.Count(member => member.Core.IsPersistent);
        double estimated = sizes.Count(size => Math.Abs(size.Nodes - persistent) <= 3 * size.Deviation) / (double)sizes.Length;
        Bar.Print(world.Network, $"found {found:P2}, hops {hops:F2}, closest {overlap:P2}, stored by {stored:F2}, requests {Bar.Percentile(probes.Select(p => (double)p.Asked), 0.5)} [{Bar.Percentile(probes.Select(p => (double)p.Asked), 0.95)}], median {Bar.Percentile(probes.Select(p => p.Seconds), 0.5):F3} s, p95 {Bar.Percentile(probes.Select(p => p.Seconds), 0.95):F3} s, size estimate median {Bar.Percentile(sizes.Select(s => s.Nodes), 0.5):F0} of {persistent}, within 3 deviations {estimated:P1} of {sizes.Length}");
        if (!judge)
        {
            return world;
        }

        found.ShouldBe(1);
        announced.ShouldAllBe(one => one.Rounds > 0);
        hops.ShouldBeLessThanOrEqualTo(6);
        overlap.ShouldBeGreaterThanOrEqualTo(0.95);
        estimated.ShouldBeGreaterThanOrEqualTo(0.95);
        return world;
    }
}
