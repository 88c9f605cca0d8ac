namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 2: a fifth of what is sent lost each way, a fifth of the streams broken, and a tenth of the nodes replaced each minute.</summary>
public sealed class ChurnTests
{
    [Fact]
    public void Living_providers_are_found() => Scenario(seed: 1, nodes: 100, announcers: 30, minutes: 6, lookupsAMinute: 30);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Living_providers_are_found_among_a_thousand(int seed) =>
        Scenario(seed, nodes: 1_000, announcers: 300, minutes: 30, lookupsAMinute: 100);

    internal static IpfsWorld Scenario(int seed, int nodes, int announcers, int minutes, int lookupsAMinute, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        Dictionary<Member, Announcer> announced = [];
        foreach (Member member in world.Members.Take(announcers))
        {
            announced.Add(member, world.Publish(member));
        }

        world.Network.RunFor(TimeSpan.FromMinutes(1));
        world.Network.Links = LinkOptions.Lossy;
        world.Streams.Failure = 0.2;
        double share = announcers / (double)nodes;
        Churn churn = new(
            world.Network,
            perMinute: 0.1,
            () => world.Members.Count,
            chance =>
            {
                Member leaver = world.Members[chance.Next(world.Members.Count)];
                announced.Remove(leaver);
                world.Leave(leaver);
            },
            chance =>
            {
                Member joiner = world.Join();
                if (chance.NextDouble() < share)
                {
                    announced.Add(joiner, world.Publish(joiner));
                }
            });
        churn.Start();

        List<Probe> probes = [];
        for (int minute = 0; minute < minutes; minute++)
        {
            probes.AddRange(world.Probes(lookupsAMinute, TimeSpan.FromMinutes(1), () =>
            {
                // Provided is what nodes were told; a seeker has come to know anybody.
                Announcer[] living = [.. announced.Values.Where(one => one.Rounds > 0)];
                Announcer sought = living[world.Network.Chance.Next(living.Length)];
                Member seeker = world.Pick(member => member != sought.Member && member.Core.Contacts > 0);
                return Probe.Start(world, seeker, sought.Content, sought.Member);
            }));
        }

        churn.Stop();
        Probe[] counted = [.. probes.Where(probe => probe.Counts)];
        double found = Bar.Found(counted);
        double p95 = Bar.Percentile(counted.Select(probe => probe.SecondsToFind), 0.95);
        Bar.Print(world, $"found {found:P2} of {counted.Length}, {Bar.Times(counted)}, entries {world.Members.Average(m => m.Core.Contacts):F0}, replaced {churn.Left}");
        if (!judge)
        {
            return world;
        }

        found.ShouldBeGreaterThanOrEqualTo(0.99);
        p95.ShouldBeLessThanOrEqualTo(8);
        return world;
    }
}
