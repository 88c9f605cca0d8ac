using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 10: a restart from saved contacts, half of them dead, with every router dead.</summary>
public sealed class RestartTests
{
    [Fact]
    public void A_restarted_node_is_usable_at_once() => Scenario(seed: 1, nodes: 200, restarts: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_restarted_node_among_a_thousand_is_usable_at_once(int seed) => Scenario(seed, nodes: 1_000, restarts: 20);

    internal static MainlineWorld Scenario(int seed, int nodes, int restarts, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        Member[] restarting = [.. world.Members.TakeLast(restarts)];
        NodeContact[][] saved = [.. restarting.Select(member => member.Table.Entries.Select(entry => entry.Contact).ToArray())];
        world.Members.RemoveAll(member => restarting.Contains(member));
        foreach (Member member in restarting)
        {
            member.Node!.Host.Stop();
        }

        // Half of the others leave without a word, and the network has a quarter of an hour to get over it.
        foreach (Member member in world.Members.ToArray())
        {
            if (world.Network.Chance.Next(2) == 0)
            {
                world.Leave(member);
            }
        }

        world.Network.RunFor(TimeSpan.FromMinutes(15));
        var announced = world.Announce(restarts, TimeSpan.FromMinutes(1));
        UdpEndpoint[] routers = [.. Enumerable.Range(1, 3).Select(i => UdpEndpoint.FromIPv4(0x3C000001 + ((uint)i << 8), 6881))];

        double[] seconds = new double[restarts];
        int kept = 0;
        int found = 0;
        for (int i = 0; i < restarts; i++)
        {
            SimulatedHost host = restarting[i].Node!.Host;
            host.Start();
            TimeSpan since = world.Network.Elapsed;
            Member again = world.Start(host, routers, saved[i], restarting[i].Id);
            again.Table.Entries.ShouldBeEmpty("a saved contact is a candidate until it has answered");
            world.Network.RunUntil(() => again.Core.ContactCount >= 8 && again.Core.HasJoined, TimeSpan.FromMinutes(1));
            Probe probe = Probe.Start(world, again, announced[i].Key, announced[i].Announcer);
            world.Network.RunUntil(() => probe.IsFound || probe.IsFinished, TimeSpan.FromMinutes(1));
            seconds[i] = (world.Network.Elapsed - since).TotalSeconds;
            found += probe.IsFound ? 1 : 0;
            kept += again.Id == restarting[i].Id ? 1 : 0;
        }

        Bar.Print(world.Network, $"joined and first peer after {Bar.Percentile(seconds, 0.5):F2} s, at most {seconds.Max():F2} s; found {found} of {restarts}, own id kept {kept}");
        if (!judge)
        {
            return world;
        }

        seconds.Max().ShouldBeLessThanOrEqualTo(5);
        found.ShouldBe(restarts);
        kept.ShouldBe(restarts);
        return world;
    }
}
