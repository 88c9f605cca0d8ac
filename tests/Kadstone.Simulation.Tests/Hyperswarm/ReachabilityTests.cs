using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 8: who cannot be reached is not handed out; who can be comes to store for others.</summary>
public sealed class ReachabilityTests
{
    [Fact]
    public void Nodes_behind_nats_stand_in_no_table() => Scenario(seed: 1, nodes: 60, each: 8);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Nodes_behind_nats_stand_in_no_table_of_a_thousand(int seed) => Scenario(seed, nodes: 1_000, each: 100);

    internal static HyperWorld Scenario(int seed, int nodes, int each, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        Member[] Join(NatKind nat) =>
            [.. Enumerable.Range(0, each).Select(_ => world.Start(world.Network.AddHost(new HostOptions { Nat = nat }), [world.Pick().Endpoint], settings: HyperWorld.Adaptive))];

        Member[] symmetric = Join(NatKind.Symmetric);
        Member[] restricted = Join(NatKind.PortRestricted);
        Member[] open = Join(NatKind.None);
        Member[] adaptive = [.. symmetric, .. restricted, .. open];

        int Holding(Member[] natted)
        {
            HashSet<UdpEndpoint> hosts = [.. natted.Select(member => member.Node!.Host.Address)];
            return world.Members.Concat(adaptive).Sum(member => member.Table.Entries.Count(entry => hosts.Contains(entry.Contact.Endpoint.WithPort(0))));
        }

        // Persistent are those who stayed for twenty minutes; half an hour leaves time for a second check.
        world.Network.RunFor(TimeSpan.FromMinutes(15));
        int early = Holding(adaptive);
        world.Network.RunFor(TimeSpan.FromMinutes(15));
        int heldSymmetric = Holding(symmetric);
        int heldRestricted = Holding(restricted);
        int serving = open.Count(member => member.Core.IsPersistent);

        // Behind a NAT they still ask as well as anybody.
        List<Announcer> announced = world.Publish(each, TimeSpan.FromMinutes(1));
        int asking = 0;
        double found = Bar.Found(world.Probes(2 * each, TimeSpan.FromMinutes(1), () =>
        {
            Announcer sought = announced[asking / 2];
            Member[] kind = asking % 2 == 0 ? symmetric : restricted;
            return Probe.Start(world, kind[asking++ / 2], sought.Topic, sought.Member);
        }));
        Bar.Print(world.Network, $"at 15 min {early} entries; at 30 min of symmetric {heldSymmetric}, of port-restricted {heldRestricted}; public and persistent {serving} of {each}, held by {Holding(open)} entries; found from behind NATs {found:P2}, contacts of a symmetric {symmetric.Average(m => m.Table.Count):F0}");
        if (!judge)
        {
            return world;
        }

        (early, heldSymmetric, heldRestricted).ShouldBe((0, 0, 0));
        adaptive.Where(member => !open.Contains(member)).ShouldAllBe(member => !member.Core.IsPersistent);
        serving.ShouldBe(each);
        found.ShouldBeGreaterThanOrEqualTo(0.99);
        return world;
    }
}
