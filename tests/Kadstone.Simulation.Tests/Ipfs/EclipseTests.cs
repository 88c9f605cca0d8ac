using Kadstone.Datagrams;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 11: ten thousand living peers in five /24s want one node's table. Half of them have ids sought for, near the victim's.</summary>
public sealed class EclipseTests
{
    [Fact]
    public void Five_networks_cannot_take_a_table() => Scenario(seed: 1, nodes: 200, attackers: 500, minutes: 3);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Five_networks_cannot_take_a_table_with_ten_thousand_peers(int seed) => Scenario(seed, nodes: 1_000, attackers: 10_000, minutes: 30);

    internal static IpfsWorld Scenario(int seed, int nodes, int attackers, int minutes, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        Member victim = world.Join();
        network.RunFor(TimeSpan.FromMinutes(5));

        Stranger[] crowd = new Stranger[attackers];
        IReadOnlyList<KadPeer> Some(Key256 target) => [.. Enumerable.Range(0, 20).Select(_ => crowd[network.Chance.Next(crowd.Length)].Named)];
        for (int i = 0; i < attackers; i++)
        {
            // A /24 has 256 addresses: thousands of peers share them, each with a port of its own on a host of its own.
            uint address = 0x3D00_0000 + ((uint)(i % 5) << 16) + (uint)(i / 5 % 256);
            PeerId id = i % 2 == 0 ? world.NewId() : Enumerable.Range(0, 1 + (i % 500)).Select(_ => world.NewId()).MinBy(one => PeerContact.KeyOf(one.Bytes.Span) ^ victim.Key) ?? world.NewId();
            crowd[i] = new Stranger(world, id, address, Some, (ushort)(10_000 + (i / 1_280)));
        }

        HashSet<PeerId> hostile = [.. crowd.Select(stranger => stranger.Id)];
        int evicted = 0;
        Figures before = Attack(world, victim, crowd, hostile, minutes, ref evicted);

        PeerInfo[] saved = [.. victim.Core.Entries];
        SimulatedHost host = victim.Peer.Host;
        PeerId self = victim.Id;
        world.Leave(victim);
        network.RunFor(TimeSpan.FromSeconds(2));
        host.Start();
        victim = world.Start(host, self, [world.Pick().Info, .. saved]);
        network.RunFor(TimeSpan.FromMinutes(1));
        Figures after = Attack(world, victim, crowd, hostile, minutes, ref evicted);

        Bar.Print(world, $"before the restart {before}; after {after}; honest entries evicted {evicted}");
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

        before.All.ShouldBePositive("nobody of them came in: then they did not try");
        return world;
    }

    private static Figures Attack(IpfsWorld world, Member victim, Stranger[] crowd, HashSet<PeerId> hostile, int minutes, ref int evicted)
    {
        Figures worst = default;
        HashSet<PeerId> honest = [];
        for (int second = 0; second < minutes * 60; second++)
        {
            // Each one meets the victim every five minutes.
            for (int i = second % 300; i < crowd.Length; i += 300)
            {
                crowd[i].Meet(victim);
            }

            world.Network.RunFor(TimeSpan.FromSeconds(1));
            ILookup<bool, PeerContact> entries = victim.Core.Entries.Select(entry => PeerContact.From(entry.Id, entry.Addresses)).ToLookup(entry => hostile.Contains(entry.Id));
            HashSet<PeerId> present = [.. entries[false].Select(entry => entry.Id)];
            evicted += honest.Count(contact => !present.Contains(contact));
            honest = present;
            int bucket = entries[true].GroupBy(entry => ((entry.Key ^ victim.Key).LeadingZeroCount, entry.Prefix)).Select(group => group.Count()).DefaultIfEmpty().Max();
            int table = entries[true].GroupBy(entry => entry.Prefix).Select(group => group.Count()).DefaultIfEmpty().Max();
            int all = entries[true].Count();
            worst = new Figures(
                Math.Max(worst.InBucket, bucket), Math.Max(worst.InTable, table), Math.Max(worst.All, all), Math.Max(worst.Share, all / (double)Math.Max(1, victim.Core.Contacts)), victim.Core.Contacts);
        }

        return worst;
    }

    /// <summary>The worst of each second.</summary>
    private readonly record struct Figures(int InBucket, int InTable, int All, double Share, int Entries)
    {
        public override string ToString() => $"{InBucket} of a /16 in a bucket, {InTable} in the table, {All} in all, {Share:P1} of it, {Entries} entries at the end";
    }
}
