using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 2: a fifth of the packets lost each way, and a tenth of the nodes replaced each minute.</summary>
public sealed class ChurnTests
{
    [Fact]
    public void Keys_of_living_announcers_are_found() => Scenario(seed: 1, nodes: 200, announcers: 60, minutes: 10, lookupsAMinute: 60);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Keys_of_living_announcers_are_found_among_a_thousand(int seed) =>
        Scenario(seed, nodes: 1_000, announcers: 300, minutes: 30, lookupsAMinute: 100);

    internal static MainlineWorld Scenario(int seed, int nodes, int announcers, int minutes, int lookupsAMinute, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        Dictionary<Member, (Key160 Key, Publication Publication)> published = [];
        void Publish(Member member)
        {
            Key160 key = world.Key();
            published.Add(member, (key, MainlineWorld.Publish(member, key, MainlineWorld.ChurnInterval)));
        }

        foreach (Member member in world.Members.Take(announcers))
        {
            Publish(member);
        }

        world.Network.RunFor(TimeSpan.FromMinutes(1));
        world.Network.Links = LinkOptions.Lossy;
        double share = announcers / (double)nodes;
        Churn churn = new(
            world.Network,
            perMinute: 0.1,
            () => world.Members.Count,
            chance =>
            {
                Member leaver = world.Members[chance.Next(world.Members.Count)];
                published.Remove(leaver);
                world.Leave(leaver);
            },
            chance =>
            {
                Member joiner = world.Join();
                if (chance.NextDouble() < share)
                {
                    Publish(joiner);
                }
            });
        churn.Start();

        List<Probe> probes = [];
        for (int minute = 0; minute < minutes; minute++)
        {
            probes.AddRange(world.Probes(lookupsAMinute, TimeSpan.FromMinutes(1), () =>
            {
                // Announced is a key whose announcement nodes have acknowledged; a seeker has come to know anybody.
                var living = published.Where(entry => entry.Value.Publication.LastStored > 0).ToArray();
                (Member announcer, (Key160 key, _)) = living[world.Network.Chance.Next(living.Length)];
                return Probe.Start(world, world.Pick(member => member != announcer && member.Core is { HasJoined: true, ContactCount: > 0 }), key, announcer);
            }));
        }

        churn.Stop();
        Probe[] counted = [.. probes.Where(probe => probe.Counts)];
        double found = Bar.Found(counted);
        double p95 = Bar.Percentile(counted.Select(probe => probe.Seconds), 0.95);
        Bar.Print(world.Network, $"found {found:P2} of {counted.Length}, lookup p50 {Bar.Percentile(counted.Select(probe => probe.Seconds), 0.5):F2} s, p95 {p95:F2} s, max {counted.Max(p => p.Seconds):F1} s, requests {Bar.Percentile(counted.Select(probe => (double)probe.Asked), 0.5)}, nobody to ask {counted.Count(p => p.Asked == 0)}, replaced {churn.Left}");
        if (!judge)
        {
            return world;
        }

        found.ShouldBeGreaterThanOrEqualTo(0.99);
        p95.ShouldBeLessThanOrEqualTo(8);
        return world;
    }
}
