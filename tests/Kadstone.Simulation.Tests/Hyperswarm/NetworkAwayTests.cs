using Kadstone.Datagrams;
using Kadstone.Hyperswarm;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 7: a start without a network, and a network that goes away for an hour.</summary>
public sealed class NetworkAwayTests
{
    private static readonly LinkOptions s_cut = new() { Loss = 1 };

    [Fact]
    public void A_node_finds_back_and_stays_quiet_meanwhile() => Scenario(seed: 1, nodes: 80);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_node_finds_back_to_a_thousand_and_stays_quiet_meanwhile(int seed) => Scenario(seed, nodes: 1_000);

    internal static HyperWorld Scenario(int seed, int nodes, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        SimulatedHost host = world.Network.AddHost(new HostOptions { Link = s_cut });
        UdpEndpoint[] bootstrap = [.. Enumerable.Range(0, 3).Select(_ => world.Pick().Endpoint)];

        // Started without a network: every packet is one to join by.
        Member member = world.Start(host, bootstrap);
        world.Network.RunFor(TimeSpan.FromMinutes(60));
        long atStart = host.Traffic.PacketsOut;
        RpcHealth without = member.Core.Health;
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
        RpcHealth away = member.Core.Health;
        host.Link = null;
        TimeSpan since = world.Network.Elapsed;
        world.Network.RunUntil(() => member.Table.SoundCount > 0, TimeSpan.FromMinutes(5));
        TimeSpan back = world.Network.Elapsed - since;
        world.Network.RunFor(TimeSpan.FromMinutes(1));
        Bar.Print(world.Network, $"without a network {atStart} packets in an hour, {without}, contacts after {firstJoin.TotalSeconds:F1} s; away {meanwhile} packets in an hour, {away}, table {known} to {left}, back after {back.TotalSeconds:F1} s, a minute later {member.Table.Count}");
        if (!judge)
        {
            return world;
        }

        atStart.ShouldBeLessThanOrEqualTo(3_600);
        meanwhile.ShouldBeLessThanOrEqualTo(3_600);
        firstJoin.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(60));
        back.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(60));
        without.ShouldNotBe(RpcHealth.Online);
        away.ShouldNotBe(RpcHealth.Online);
        return world;
    }

    private static TimeSpan TimeToContacts(HyperWorld world, Member member)
    {
        TimeSpan since = world.Network.Elapsed;
        world.Network.RunUntil(() => member.Table.Count > 0, TimeSpan.FromMinutes(5));
        return world.Network.Elapsed - since;
    }
}
