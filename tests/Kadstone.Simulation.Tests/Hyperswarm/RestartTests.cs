using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 10: a restart from saved contacts, half of them dead, with every bootstrap node dead.</summary>
public sealed class RestartTests
{
    [Fact]
    public void A_restarted_node_is_usable_at_once() => Scenario(seed: 1, nodes: 150, restarts: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_restarted_node_among_a_thousand_is_usable_at_once(int seed) => Scenario(seed, nodes: 1_000, restarts: 20);

    internal static HyperWorld Scenario(int seed, int nodes, int restarts, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        Member[] restarting = [.. world.Members.TakeLast(restarts)];
        UdpEndpoint[][] saved = [.. restarting.Select(member => member.Table.Entries.Select(entry => entry.Contact.Endpoint).Take(100).ToArray())];
        world.Members.RemoveAll(restarting.Contains);
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
        List<Announcer> announced = world.Publish(restarts, TimeSpan.FromSeconds(30));
        UdpEndpoint[] bootstrap = [.. Enumerable.Range(1, 3).Select(i => UdpEndpoint.FromIPv4(0x3C000001 + ((uint)i << 8), HyperWorld.Port))];

        double[] seconds = new double[restarts];
        int kept = 0;
        int found = 0;
        for (int i = 0; i < restarts; i++)
        {
            SimulatedHost host = restarting[i].Node!.Host;
            host.Start();
            TimeSpan since = world.Network.Elapsed;
            Member again = world.Start(host, bootstrap, saved[i]);
            again.Table.Entries.ShouldBeEmpty("a saved contact is a candidate until it has answered");
            world.Network.RunUntil(() => again.Table.Count >= 8, TimeSpan.FromMinutes(1));
            Probe probe = Probe.Start(world, again, announced[i].Topic, announced[i].Member);
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
