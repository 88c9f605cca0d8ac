using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 11: ten thousand living nodes in five /24s want one node's table. Their ids follow from their ports, of which they have as many as they like.</summary>
public sealed class EclipseTests
{
    [Fact]
    public void Five_networks_cannot_take_a_table() => Scenario(seed: 1, nodes: 300, attackers: 1_500, minutes: 5);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Five_networks_cannot_take_a_table_with_ten_thousand_nodes(int seed) => Scenario(seed, nodes: 1_000, attackers: 10_000, minutes: 30);

    internal static HyperWorld Scenario(int seed, int nodes, int attackers, int minutes, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        Member victim = world.Join();
        network.RunFor(TimeSpan.FromMinutes(5));

        RpcContact[] crowd = new RpcContact[attackers];
        SimulatedNode<Stranger>[] bound = new SimulatedNode<Stranger>[attackers];
        int Names(Key256 target, Span<RpcContact> named)
        {
            // The nearest of a random handful: cheap, and as near as a liar needs to be.
            Span<RpcContact> drawn = stackalloc RpcContact[64];
            for (int i = 0; i < drawn.Length; i++)
            {
                drawn[i] = crowd[network.Chance.Next(crowd.Length)];
            }

            drawn.Sort((left, right) => (left.Id ^ target).CompareTo(right.Id ^ target));
            drawn[..20].CopyTo(named);
            return 20;
        }

        for (int i = 0; i < attackers; i++)
        {
            uint address = 0xC6000000 + ((uint)(i % 5) << 8) + (uint)(i / 5 % 256);
            UdpEndpoint endpoint = PortFor(victim.Id, address, (i / 1_280 * 1_000) + 10_000, i % 2 == 0 ? 0 : i / 2 % 10);
            crowd[i] = RpcContact.FromEndpoint(endpoint);
            bound[i] = network.AddHost(endpoint).Bind(new Stranger(endpoint, Names), endpoint.Port);
        }

        HashSet<RpcContact> attackerSet = [.. crowd];
        int evicted = 0;
        Figures before = Attack(world, victim, bound, attackerSet, minutes, ref evicted);

        UdpEndpoint[] saved = [.. victim.Table.Entries.Where(entry => entry.Failures == 0).Select(entry => entry.Contact.Endpoint)];
        SimulatedHost host = victim.Node!.Host;
        world.Leave(victim);
        network.RunFor(TimeSpan.FromSeconds(2));
        host.Start();
        victim = world.Start(host, [world.Pick().Endpoint], saved);
        network.RunFor(TimeSpan.FromMinutes(1));
        Figures after = Attack(world, victim, bound, attackerSet, minutes, ref evicted);

        Bar.Print(network, $"before the restart {before}; after {after}; honest entries evicted {evicted}");
        if (!judge)
        {
            return world;
        }

        evicted.ShouldBe(0);
        foreach (Figures figures in (Figures[])[before, after])
        {
            figures.InBucket.ShouldBeLessThanOrEqualTo(2);
            figures.InTable.ShouldBeLessThanOrEqualTo(10);
            figures.All.ShouldBeLessThanOrEqualTo(50);
            figures.Share.ShouldBeLessThanOrEqualTo(0.25);
        }

        return world;
    }

    /// <summary>Half of the crowd takes any port; the others try a few, to stand nearer to the victim.</summary>
    private static UdpEndpoint PortFor(Key256 victim, uint address, int first, int tries)
    {
        UdpEndpoint best = UdpEndpoint.FromIPv4(address, (ushort)first);
        for (int i = 1; i < tries * 90; i++)
        {
            UdpEndpoint candidate = best.WithPort((ushort)(first + i));
            best = (RpcContact.FromEndpoint(candidate).Id ^ victim).CompareTo(RpcContact.FromEndpoint(best).Id ^ victim) < 0 ? candidate : best;
        }

        return best;
    }

    private static Figures Attack(
        HyperWorld world,
        Member victim,
        SimulatedNode<Stranger>[] crowd,
        HashSet<RpcContact> attackers,
        int minutes,
        ref int evicted)
    {
        Figures worst = default;
        HashSet<RpcContact> honest = [];
        for (int second = 0; second < minutes * 60; second++)
        {
            // Each one pings the victim every five minutes.
            for (int i = second % 300; i < crowd.Length; i += 300)
            {
                crowd[i].Run((stranger, _) => stranger.Ping(victim.Endpoint, world.Network.Chance));
            }

            world.Network.RunFor(TimeSpan.FromSeconds(1));
            ILookup<bool, TableEntry<RpcContact>> entries = victim.Table.Entries.ToLookup(entry => attackers.Contains(entry.Contact));
            HashSet<RpcContact> present = [.. entries[false].Select(entry => entry.Contact)];
            evicted += honest.Count(contact => !present.Contains(contact));
            honest = present;
            TableEntry<RpcContact>[] hostile = [.. entries[true]];
            worst = worst.With(
                hostile.GroupBy(entry => (entry.Bucket, entry.Contact.Prefix)).Select(group => group.Count()).DefaultIfEmpty().Max(),
                hostile.GroupBy(entry => entry.Contact.Prefix).Select(group => group.Count()).DefaultIfEmpty().Max(),
                hostile.Length,
                hostile.Length / (double)Math.Max(1, victim.Table.Count),
                victim.Table.Count);
        }

        return worst;
    }

    /// <summary>The worst of each second.</summary>
    private readonly record struct Figures(int InBucket, int InTable, int All, double Share, int Entries)
    {
        internal Figures With(int inBucket, int inTable, int all, double share, int entries) =>
            new(Math.Max(InBucket, inBucket), Math.Max(InTable, inTable), Math.Max(All, all), Math.Max(Share, share), entries);

        public override string ToString() => $"{InBucket} of a /24 in a bucket, {InTable} in the table, {All} in all, {Share:P1} of it, {Entries} entries at the end";
    }
}
