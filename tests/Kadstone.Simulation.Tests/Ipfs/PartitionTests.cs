namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 4: the network falls into halves for ten minutes and grows together again.</summary>
public sealed class PartitionTests
{
    [Fact]
    public void Halves_go_on_and_grow_together_again() => Scenario(seed: 1, nodes: 120, contents: 60);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Halves_of_a_thousand_go_on_and_grow_together_again(int seed) => Scenario(seed, nodes: 1_000, contents: 400);

    [Fact]
    [Trait("Category", "Bars")]
    public void After_two_hours_apart_too() => Scenario(seed: 1, nodes: 300, contents: 120, minutes: 120);

    internal static IpfsWorld Scenario(int seed, int nodes, int contents, int minutes = 10, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes, i => new HostOptions { Region = i % 2 });
        List<Announcer> before = world.Publish(contents, TimeSpan.FromMinutes(1));
        TimeSpan cutAt = world.Network.Elapsed;
        world.Network.Partition(host => host.Options.Region);

        // Each minute some are announced on a side, and those of the own side are looked for, old and new.
        List<Probe> own = [];
        List<Probe> ownOld = [];
        List<Announcer> meanwhile = [];
        int lookups = Math.Max(5, contents * 2 / minutes);
        for (int minute = 0; minute < minutes; minute++)
        {
            meanwhile.AddRange(world.Publish(Math.Max(1, contents / minutes), TimeSpan.FromSeconds(15)));
            own.AddRange(world.Seek(meanwhile, lookups, TimeSpan.FromSeconds(20), (seeker, announcer) => seeker.Side == announcer.Side));
            ownOld.AddRange(world.Seek(before, lookups, TimeSpan.FromSeconds(20), (seeker, announcer) => seeker.Side == announcer.Side));
        }

        TimeSpan apart = world.Network.Elapsed - cutAt;
        world.Network.Heal();
        List<double> each = [];
        for (int minute = 0; minute < 5; minute++)
        {
            each.Add(Bar.Found(world.Seek(meanwhile, Math.Max(50, contents / 2), TimeSpan.FromMinutes(1), (seeker, announcer) => seeker.Side != announcer.Side)));
        }

        List<Probe> across = world.Seek(meanwhile, contents * 2, TimeSpan.FromMinutes(1), (seeker, announcer) => seeker.Side != announcer.Side);
        Bar.Print(world, $"apart for {apart.TotalMinutes:F1} min, own half {Bar.Found([.. own, .. ownOld]):P2} of {own.Count + ownOld.Count} (announced since {Bar.Found(own):P2}, before {Bar.Found(ownOld):P2}); across after healing, minute by minute {string.Join(", ", each.Select(found => found.ToString("P1", null)))}, then {Bar.Found(across):P2} of {across.Count}");
        if (!judge)
        {
            return world;
        }

        Bar.Found([.. own, .. ownOld]).ShouldBeGreaterThanOrEqualTo(0.99);
        Bar.Found(across).ShouldBeGreaterThanOrEqualTo(0.99);
        return world;
    }
}
