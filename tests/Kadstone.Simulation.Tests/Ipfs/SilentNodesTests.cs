using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 3: most nodes accept connections and streams and never answer, as those of January 2023.</summary>
public sealed class SilentNodesTests
{
    [Fact]
    public void Most_nodes_fall_silent_and_providers_are_still_found() => Scenario(seed: 1, nodes: 120, contents: 50, lookupsAMinute: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Most_nodes_fall_silent_and_providers_are_still_found_among_a_thousand(int seed) =>
        Scenario(seed, nodes: 1_000, contents: 300, lookupsAMinute: 100);

    internal static IpfsWorld Scenario(int seed, int nodes, int contents, int lookupsAMinute, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        List<Announcer> announced = world.Publish(contents, TimeSpan.FromMinutes(1));
        List<Probe> before = world.Seek(announced, lookupsAMinute * 5, TimeSpan.FromMinutes(5));
        double healthy = Bar.Percentile(before.Select(probe => probe.SecondsToFind), 0.5);

        foreach (Member member in world.Members)
        {
            member.Peer.IsMute = world.Network.Chance.NextDouble() < 0.6;
        }

        List<Probe> all = [];
        List<Probe> later = [];
        for (int minute = 0; minute < 30; minute++)
        {
            List<Probe> probes = world.Seek(announced, lookupsAMinute, TimeSpan.FromMinutes(1), (seeker, _) => !seeker.Peer.IsMute);
            all.AddRange(probes);
            if (minute >= 10)
            {
                later.AddRange(probes);
            }
        }

        HashSet<PeerId> mute = [.. world.Members.Where(member => member.Peer.IsMute).Select(member => member.Id)];
        double[] shares = [.. world.Members.Where(member => !member.Peer.IsMute).Select(member =>
            member.Core.Entries.Count(entry => mute.Contains(entry.Id)) / (double)Math.Max(1, member.Core.Contacts))];
        double found = Bar.Found(all);
        double median = Bar.Percentile(later.Select(probe => probe.SecondsToFind), 0.5);
        double inTables = shares.Average();
        Bar.Print(world, $"found {found:P2} of {all.Count}, median healthy {healthy:F3} s, then {median:F3} s; healthy {Bar.Times(before)}; then {Bar.Times(later)}; silent entries {inTables:P1} (worst table {shares.Max():P1}), entries {world.Members.Average(m => m.Core.Contacts):F0}");
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
