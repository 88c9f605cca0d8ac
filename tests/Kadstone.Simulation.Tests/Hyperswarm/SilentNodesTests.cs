using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 3: most nodes take requests in and never answer.</summary>
public sealed class SilentNodesTests
{
    [Fact]
    public void Most_nodes_fall_silent_and_announcers_are_still_found() => Scenario(seed: 1, nodes: 150, topics: 60, lookupsAMinute: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Most_nodes_fall_silent_and_announcers_are_still_found_among_a_thousand(int seed) =>
        Scenario(seed, nodes: 1_000, topics: 300, lookupsAMinute: 100);

    internal static HyperWorld Scenario(int seed, int nodes, int topics, int lookupsAMinute, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        List<Announcer> announced = world.Publish(topics, TimeSpan.FromMinutes(1));
        double healthy = Bar.Percentile(world.Seek(announced, lookupsAMinute * 5, TimeSpan.FromMinutes(5)).Select(probe => probe.Seconds), 0.5);

        foreach (Member member in world.Members)
        {
            member.IsMute = world.Network.Chance.NextDouble() < 0.6;
        }

        List<Probe> all = [];
        List<Probe> later = [];
        for (int minute = 0; minute < 30; minute++)
        {
            List<Probe> probes = world.Seek(announced, lookupsAMinute, TimeSpan.FromMinutes(1), (seeker, _) => !seeker.IsMute);
            all.AddRange(probes);
            if (minute >= 10)
            {
                later.AddRange(probes);
            }
        }

        HashSet<UdpEndpoint> mute = [.. world.Members.Where(member => member.IsMute).Select(member => member.Endpoint)];
        double[] shares = [.. world.Members.Where(member => !member.IsMute).Select(member =>
            member.Table.Entries.Count(entry => mute.Contains(entry.Contact.Endpoint)) / (double)Math.Max(1, member.Table.Count))];
        double found = Bar.Found(all);
        double median = Bar.Percentile(later.Select(probe => probe.Seconds), 0.5);
        double inTables = shares.Average();
        Bar.Print(world.Network, $"found {found:P2} of {all.Count}, median healthy {healthy:F3} s, then {median:F3} s, p95 {Bar.Percentile(later.Select(probe => probe.Seconds), 0.95):F2} s, silent entries {inTables:P1} (worst table {shares.Max():P1}), entries {world.Members.Average(m => m.Table.Count):F0}");
        if (!judge)
        {
            return world;
        }

        found.ShouldBeGreaterThanOrEqualTo(0.99);
        median.ShouldBeLessThanOrEqualTo(2 * healthy);
        inTables.ShouldBeLessThanOrEqualTo(0.10);
        return world;
    }
}
