using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 10: a restart from contacts that somebody saved, half of them dead, with every bootstrap peer dead. The core is handed them as it is handed bootstrap peers.</summary>
public sealed class RestartTests
{
    [Fact]
    public void A_restarted_node_is_usable_at_once() => Scenario(seed: 1, nodes: 120, restarts: 5);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_restarted_node_among_a_thousand_is_usable_at_once(int seed) => Scenario(seed, nodes: 1_000, restarts: 20);

    internal static IpfsWorld Scenario(int seed, int nodes, int restarts, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        Member[] restarting = [.. world.Members.TakeLast(restarts)];
        PeerInfo[][] saved = [.. restarting.Select(member => member.Core.Entries.Take(100).ToArray())];
        foreach (Member member in restarting)
        {
            world.Leave(member);
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
        PeerInfo[] bootstrap = [.. Enumerable.Range(1, 3).Select(i => new PeerInfo(world.NewId(), [Multiaddr.Parse($"/ip4/60.0.{i}.1/tcp/4001")]))];

        double[] seconds = new double[restarts];
        int found = 0;
        for (int i = 0; i < restarts; i++)
        {
            SimulatedHost host = restarting[i].Peer.Host;
            host.Start();
            TimeSpan since = world.Network.Elapsed;
            Member again = world.Start(host, restarting[i].Id, [.. bootstrap, .. saved[i]]);
            again.Core.Contacts.ShouldBe(0, "a saved contact is a candidate until it has answered");
            world.Network.RunUntil(() => again.Core.Contacts >= 8, TimeSpan.FromMinutes(1));
            Probe probe = Probe.Start(world, again, announced[i].Content, announced[i].Member);
            world.Network.RunUntil(() => probe.IsFound || probe.IsFinished, TimeSpan.FromMinutes(1));
            seconds[i] = (world.Network.Elapsed - since).TotalSeconds;
            found += probe.IsFound ? 1 : 0;
        }

        Bar.Print(world, $"joined and first provider after {Bar.Percentile(seconds, 0.5):F2} s, at most {seconds.Max():F2} s; found {found} of {restarts}");
        if (!judge)
        {
            return world;
        }

        seconds.Max().ShouldBeLessThanOrEqualTo(5);
        found.ShouldBe(restarts);
        return world;
    }
}
