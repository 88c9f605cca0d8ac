using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 20: twenty peers nearer to a key than any honest one take what they are told, store nothing and name but each other (CVE-2023-26248).</summary>
public sealed class CensorshipTests
{
    private const int Sybils = 20;
    private const int SeekersOfEach = 10;

    [Fact]
    public void Content_is_not_hidden_by_whoever_lies_nearest() => Scenario(seed: 1, nodes: 80, networks: 20, batches: 1, contents: 2);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Content_is_not_hidden_by_five_networks_among_a_thousand(int seed) => Scenario(seed, nodes: 1_000, networks: 5, batches: 2, contents: 10);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Content_is_not_hidden_by_twenty_networks_among_a_thousand(int seed) => Scenario(seed, nodes: 1_000, networks: 20, batches: 2, contents: 10);

    /// <summary>The attack is one: without the defence it hides what is provided while it lasts. What others hold from before is passed on the way.</summary>
    [Fact]
    public void Without_the_defence_content_is_hidden() => Undefended(nodes: 80, contents: 2);

    [Fact]
    [Trait("Category", "Bars")]
    public void Without_the_defence_content_is_hidden_among_a_thousand() => Undefended(nodes: 1_000, contents: 10);

    private static void Undefended(int nodes, int contents) =>
        Scenario(seed: 1, nodes, networks: 20, batches: 1, contents, guardsKeys: false, judge: false).FoundOfLate.ShouldBeLessThan(0.1);

    internal static (IpfsWorld World, double FoundOfLate) Scenario(int seed, int nodes, int networks, int batches, int contents, bool guardsKeys = true, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes, guardsKeys: guardsKeys);

        // The network is five minutes old: those that came first have measured a smaller one.
        KadQuery[] cleanQueries = [.. world.Publish(Math.Min(nodes, 50 * contents), TimeSpan.FromMinutes(1)).Select(one => one.Last).OfType<KadQuery>()];

        List<Probe> before = [];
        List<Probe> after = [];
        List<KadQuery> surrounded = [];
        int attacked = 0;
        for (int batch = 0; batch < batches; batch++)
        {
            List<Announcer> early = world.Publish(contents / 2, TimeSpan.FromSeconds(10));
            byte[][] keys = [.. early.Select(one => one.Content), .. Enumerable.Range(0, contents - early.Count).Select(_ => world.NewContent())];
            Stranger[][] strangers = [.. keys.Select(key => Surround(world, key, networks, attacked++))];
            world.Network.RunFor(TimeSpan.FromMinutes(2));

            List<Announcer> late = [.. keys.Skip(early.Count).Select(key => world.Publish(world.Pick(), key))];
            world.Network.RunFor(TimeSpan.FromMinutes(1));
            after.AddRange(SeekEach(world, late));
            before.AddRange(SeekEach(world, early));

            HashSet<PeerId> ids = [.. strangers.SelectMany(group => group).Select(stranger => stranger.Id)];
            surrounded.AddRange(late.Select(one => one.Last).OfType<KadQuery>().Concat([.. before.Concat(after).Select(probe => probe.Query)])
                .Where(query => !surrounded.Contains(query) && query.Closest.Count == Sybils && query.Closest.All(contact => ids.Contains(contact.Id))));
            foreach (Stranger stranger in strangers.SelectMany(group => group))
            {
                stranger.Leave();
            }

            if (batch + 1 < batches)
            {
                world.Network.RunFor(TimeSpan.FromMinutes(3));
            }
        }

        double found = Bar.Found([.. before, .. after]);
        double alarms = surrounded.Count == 0 ? 0 : surrounded.Count(query => query.IsSuspect) / (double)surrounded.Count;
        double falseAlarms = cleanQueries.Count(query => query.IsSuspect) / (double)cleanQueries.Length;
        Bar.Print(world, $"{networks} networks: found {found:P2} of {before.Count + after.Count} (provided before the attack {Bar.Found(before):P2}, during it {Bar.Found(after):P2}); alarms {alarms:P2} of {surrounded.Count} surrounded, {falseAlarms:P2} of {cleanQueries.Length} clean; {Bar.Times([.. before, .. after])}");
        if (!judge)
        {
            return (world, Bar.Found(after));
        }

        found.ShouldBeGreaterThanOrEqualTo(networks == 5 ? 0.99 : 0.90);
        surrounded.ShouldNotBeEmpty("nobody saw the attack: then it was none");
        alarms.ShouldBeGreaterThanOrEqualTo(0.99);
        falseAlarms.ShouldBeLessThanOrEqualTo(0.01);
        return (world, Bar.Found(after));
    }

    private static List<Probe> SeekEach(IpfsWorld world, List<Announcer> announced)
    {
        int asking = 0;
        return world.Probes(announced.Count * SeekersOfEach, TimeSpan.FromMinutes(1), () =>
        {
            Announcer sought = announced[asking++ / SeekersOfEach];
            return Probe.Start(world, world.Pick(member => member != sought.Member), sought.Content, sought.Member);
        });
    }

    /// <summary>Twenty that are nearer to a key than anybody, in five /24s of five /16s or each in a /16 of its own; the hundred honest nodes nearest to it and fifty others come to know them.</summary>
    private static Stranger[] Surround(IpfsWorld world, byte[] content, int networks, int number)
    {
        Key256 key = PeerContact.KeyOf(content);
        Member[] honest = [.. world.Members.OrderBy(member => member.Key ^ key)];
        Key256 nearest = honest[0].Key ^ key;
        Stranger[] strangers = new Stranger[Sybils];
        IReadOnlyList<KadPeer> Each(Key256 target) => [.. strangers.Select(stranger => stranger.Named)];
        for (int i = 0; i < Sybils; i++)
        {
            uint address = networks == 5
                ? 0x3D00_0001 + ((uint)(i % 5) << 16) + (uint)((number * Sybils / 5) + (i / 5))
                : 0x3D00_0001 + ((uint)((number * Sybils) + i) << 16);
            strangers[i] = new Stranger(world, Stranger.IdWithin(world, key, nearest), address, Each);
        }

        foreach (Stranger stranger in strangers)
        {
            foreach (Member member in honest.Take(100).Concat(Enumerable.Range(0, 50).Select(_ => world.Pick())))
            {
                world.Network.Schedule(TimeSpan.FromMinutes(1) * world.Network.Chance.NextDouble(), () => stranger.Meet(member));
            }
        }

        return strangers;
    }
}
