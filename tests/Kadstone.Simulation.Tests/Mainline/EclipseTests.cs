using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 11: ten thousand living ids in five /24s want one node's table.</summary>
public sealed class EclipseTests
{
    [Fact]
    public void Five_networks_cannot_take_a_table() => Scenario(seed: 1, nodes: 200, attackers: 2_000, minutes: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Five_networks_cannot_take_a_table_with_ten_thousand_ids(int seed) => Scenario(seed, nodes: 1_000, attackers: 10_000, minutes: 30);

    internal static MainlineWorld Scenario(int seed, int nodes, int attackers, int minutes, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        Member victim = world.Join();
        network.RunFor(TimeSpan.FromMinutes(5));

        // Half of the ids are spread evenly, half stand at every distance to the victim: BEP 42 is advice, a liar's id fits its aim.
        NodeContact[] crowd = new NodeContact[attackers];
        SimulatedNode<Responder>[] bound = new SimulatedNode<Responder>[attackers];
        int Names(Key160 target, Span<NodeContact> named)
        {
            // The nearest of a random handful: cheap, and as near as a liar needs to be.
            Span<NodeContact> drawn = stackalloc NodeContact[64];
            for (int i = 0; i < drawn.Length; i++)
            {
                drawn[i] = crowd[network.Chance.Next(crowd.Length)];
            }

            drawn.Sort((left, right) => (left.Id ^ target).CompareTo(right.Id ^ target));
            drawn[..8].CopyTo(named);
            return 8;
        }

        for (int i = 0; i < attackers; i++)
        {
            uint address = 0xC6000000 + ((uint)(i % 5) << 8) + (uint)(i / 5 % 256);
            UdpEndpoint endpoint = UdpEndpoint.FromIPv4(address, (ushort)(10_000 + (i / 1_280)));
            Key160 id = i % 2 == 0 ? world.Key() : Keyspace.RandomInBucket(victim.Id, i / 2 % 24, network.Chance);
            crowd[i] = new NodeContact(id, endpoint);
            bound[i] = network.AddHost(endpoint).Bind(new Responder(id, Names), endpoint.Port);
        }

        HashSet<NodeContact> attackerSet = [.. crowd];
        int evicted = 0;
        Figures before = Attack(world, victim, bound, attackerSet, minutes, ref evicted);

        NodeContact[] saved = [.. victim.Table.Entries.Where(entry => entry.Failures == 0).Select(entry => entry.Contact)];
        Key160 own = victim.Id;
        SimulatedHost host = victim.Node!.Host;
        world.Leave(victim);
        network.RunFor(TimeSpan.FromSeconds(2));
        host.Start();
        victim = world.Start(host, [world.Pick().Endpoint], saved, own);
        network.RunFor(TimeSpan.FromMinutes(1));
        Figures after = Attack(world, victim, bound, attackerSet, minutes, ref evicted);

        Bar.Print(world.Network, $"before the restart {before}; after {after}; honest entries evicted {evicted}");
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

    private static Figures Attack(
        MainlineWorld world,
        Member victim,
        SimulatedNode<Responder>[] crowd,
        HashSet<NodeContact> attackers,
        int minutes,
        ref int evicted)
    {
        Figures worst = default;
        HashSet<NodeContact> honest = [];
        for (int second = 0; second < minutes * 60; second++)
        {
            // Each one pings the victim every five minutes.
            for (int i = second % 300; i < crowd.Length; i += 300)
            {
                crowd[i].Run((responder, _) => responder.Ping(victim.Endpoint, world.Network.Chance));
            }

            world.Network.RunFor(TimeSpan.FromSeconds(1));
            HashSet<NodeContact> present = [];
            List<TableEntry<NodeContact>> hostile = [];
            foreach (TableEntry<NodeContact> entry in victim.Table.Entries)
            {
                if (attackers.Contains(entry.Contact))
                {
                    hostile.Add(entry);
                }
                else
                {
                    present.Add(entry.Contact);
                }
            }

            evicted += honest.Count(contact => !present.Contains(contact));
            honest = present;
            worst = worst.With(
                hostile.GroupBy(entry => (entry.Bucket, entry.Contact.Prefix)).Select(group => group.Count()).DefaultIfEmpty().Max(),
                hostile.GroupBy(entry => entry.Contact.Prefix).Select(group => group.Count()).DefaultIfEmpty().Max(),
                hostile.Count,
                hostile.Count / (double)Math.Max(1, victim.Table.Count),
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
