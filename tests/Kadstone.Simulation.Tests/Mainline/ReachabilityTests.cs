using System.Net;
using Kadstone.Datagrams;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 8: who cannot be reached is not handed out; who can be comes to serve.</summary>
public sealed class ReachabilityTests
{
    [Fact]
    public void Nodes_behind_nats_stand_in_no_table() => Scenario(seed: 1, nodes: 100, each: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Nodes_behind_nats_stand_in_no_table_of_a_thousand(int seed) => Scenario(seed, nodes: 1_000, each: 100);

    internal static MainlineWorld Scenario(int seed, int nodes, int each, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        CoreSettings adaptive = new() { Serving = ServingMode.Adaptive };
        Member[] Join(NatKind nat) =>
            [.. Enumerable.Range(0, each).Select(_ => world.Start(world.Network.AddHost(new HostOptions { Nat = nat }), [world.Pick().Endpoint], settings: adaptive))];

        Member[] symmetric = Join(NatKind.Symmetric);
        Member[] restricted = Join(NatKind.PortRestricted);
        Member[] open = Join(NatKind.None);
        // The life of a network: somebody always looks for something. A stranger's query is the proof of being reachable.
        void Look()
        {
            Probe.Start(world, world.Pick(), world.Key(), null);
            world.Network.Schedule(TimeSpan.FromMinutes(5) / nodes, Look);
        }

        world.Network.Schedule(TimeSpan.Zero, Look);
        double[] servesAt = new double[each];
        for (int second = 0; second < 15 * 60; second++)
        {
            world.Network.RunFor(TimeSpan.FromSeconds(1));
            for (int i = 0; i < each; i++)
            {
                servesAt[i] = servesAt[i] == 0 && open[i].Core.Reachability.IsProven ? second / 60.0 : servesAt[i];
            }
        }

        int Holding(Member[] natted)
        {
            HashSet<UdpEndpoint> hosts = [.. natted.Select(member => member.Node!.Host.Address)];
            return world.Members.Concat(symmetric).Concat(restricted).Concat(open)
                .Sum(member => member.Table.Entries.Count(entry => hosts.Contains(entry.Contact.Endpoint.WithPort(0))));
        }

        int heldSymmetric = Holding(symmetric);
        int heldRestricted = Holding(restricted);
        int serving = open.Count(member => member.Core.Reachability.IsProven);
        Bar.Print(world.Network, $"entries of symmetric {heldSymmetric}, of port-restricted {heldRestricted}; public and proven {serving} of {each}, median after {Bar.Percentile(servesAt.Where(at => at > 0), 0.5):F1} min; port-restricted that think they are reachable {restricted.Count(m => m.Core.Reachability.IsProven)}, contacts of a symmetric {symmetric.Average(m => m.Table.Count):F0}");
        if (!judge)
        {
            return world;
        }

        heldSymmetric.ShouldBe(0);

        // A guard, not a figure of the design: the proof is a stranger's query, and how soon one comes is chance.
        (serving / (double)each).ShouldBeGreaterThanOrEqualTo(0.85);
        restricted.ShouldAllBe(member => !member.Core.Reachability.IsProven);
        return world;
    }
}
