using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 7: a start without a network, and a network that goes away for an hour.</summary>
public sealed class NetworkAwayTests
{
    private static readonly LinkOptions s_cut = new() { Loss = 1 };

    [Fact]
    public void A_node_finds_back_and_stays_quiet_meanwhile() => Scenario(seed: 1, nodes: 100);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_node_finds_back_to_a_thousand_and_stays_quiet_meanwhile(int seed) => Scenario(seed, nodes: 1_000);

    internal static MainlineWorld Scenario(int seed, int nodes, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        SimulatedHost host = world.Network.AddHost(new HostOptions { Link = s_cut });
        UdpEndpoint[] routers = [.. Enumerable.Range(0, 3).Select(_ => world.Pick().Endpoint)];
        int inThisSecond = 0;
        int most = 0;
        long second = 0;
        world.Network.Tap = packet =>
        {
            if (packet.Sender != host || packet.Fate is not (PacketFate.Lost or PacketFate.Sent))
            {
                return;
            }

            long present = (long)world.Network.Elapsed.TotalSeconds;
            inThisSecond = present == second ? inThisSecond + 1 : 1;
            second = present;
            most = Math.Max(most, inThisSecond);
        };

        // Started without a network: every packet is one to join by.
        Member member = world.Start(host, routers);
        world.Network.RunFor(TimeSpan.FromMinutes(60));
        int mostAtStart = most;
        long atStart = host.Traffic.PacketsOut;
        host.Link = null;
        TimeSpan firstJoin = TimeToContacts(world, member);
        world.Network.RunFor(TimeSpan.FromMinutes(5));
        int known = member.Table.Count;

        // Gone for an hour: first the table's entries are found silent, then only joining goes on.
        host.Link = s_cut;
        long before = host.Traffic.PacketsOut;
        world.Network.RunFor(TimeSpan.FromMinutes(60));
        long meanwhile = host.Traffic.PacketsOut - before;
        int left = member.Table.Count;
        host.Link = null;
        TimeSpan back = TimeToSound(world, member);
        Bar.Print(world.Network, $"without a network {atStart} packets in an hour, most {mostAtStart} a second, contacts after {firstJoin.TotalSeconds:F1} s; away {meanwhile} packets an hour, table {known} to {left}, back after {back.TotalSeconds:F1} s");
        if (!judge)
        {
            return world;
        }

        mostAtStart.ShouldBeLessThanOrEqualTo(1);
        firstJoin.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(60));
        back.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(60));
        meanwhile.ShouldBeLessThanOrEqualTo(3_600);
        return world;
    }

    private static TimeSpan TimeToContacts(MainlineWorld world, Member member)
    {
        TimeSpan since = world.Network.Elapsed;
        world.Network.RunUntil(() => member.Table.Count > 0, TimeSpan.FromMinutes(5));
        return world.Network.Elapsed - since;
    }

    private static TimeSpan TimeToSound(MainlineWorld world, Member member)
    {
        TimeSpan since = world.Network.Elapsed;
        world.Network.RunUntil(() => member.Table.SoundCount > 0, TimeSpan.FromMinutes(5));
        return world.Network.Elapsed - since;
    }
}
