namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 1: a healthy network converges; what is provided is found.</summary>
public sealed class HealthyNetworkTests
{
    [Fact]
    public void What_is_provided_is_found() => Scenario(seed: 1, nodes: 150, contents: 60);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void What_is_provided_is_found_among_a_thousand(int seed) => Scenario(seed, nodes: 1_000, contents: 2_000);

    internal static IpfsWorld Scenario(int seed, int nodes, int contents, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        List<Announcer> announced = world.Publish(contents, TimeSpan.FromMinutes(1));
        List<Probe> probes = world.Seek(announced, contents, TimeSpan.FromMinutes(1));
        double found = Bar.Found(probes);
        double hops = probes.Average(probe => probe.Query.Hops);
        double overlap = world.Overlap(probes);
        double told = announced.Average(one => one.Last?.Told ?? 0);
        Bar.Print(world, $"found {found:P2}, hops {hops:F2}, closest {overlap:P2}, told {told:F2}, suspected {world.Members.Sum(member => member.Core.Counters.Suspected)}, {Bar.Times(probes)}");
        if (!judge)
        {
            return world;
        }

        found.ShouldBe(1);
        announced.ShouldAllBe(one => one.Rounds > 0);
        hops.ShouldBeLessThanOrEqualTo(6);
        overlap.ShouldBeGreaterThanOrEqualTo(0.95);
        return world;
    }
}
