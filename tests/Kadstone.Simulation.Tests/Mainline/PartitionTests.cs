namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 4: the network falls into halves for ten minutes and grows together again.</summary>
public sealed class PartitionTests
{
    [Fact]
    public void Halves_go_on_and_grow_together_again() => Scenario(seed: 1, nodes: 200, keys: 200);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Halves_of_a_thousand_go_on_and_grow_together_again(int seed) => Scenario(seed, nodes: 1_000, keys: 1_000);

    [Fact]
    [Trait("Category", "Bars")]
    public void After_two_hours_apart_too() => Scenario(seed: 1, nodes: 300, keys: 600, minutes: 120);

    internal static MainlineWorld Scenario(int seed, int nodes, int keys, int minutes = 10, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes, i => new HostOptions { Region = i % 2 });
        var before = world.Publish(keys, TimeSpan.FromMinutes(1), MainlineWorld.ChurnInterval);
        TimeSpan cutAt = world.Network.Elapsed;
        world.Network.Partition(host => host.Options.Region);

        // Each minute some keys are announced on a side, and keys of the own side are looked for, old and new.
        List<Probe> own = [];
        List<Probe> ownOld = [];
        List<Announced> meanwhile = [];
        for (int minute = 0; minute < minutes; minute++)
        {
            meanwhile.AddRange(world.Publish(keys / minutes, TimeSpan.FromSeconds(15), MainlineWorld.ChurnInterval));
            own.AddRange(world.Seek(meanwhile, keys / 2 / minutes, TimeSpan.FromSeconds(20), (seeker, announcer) => seeker.Side == announcer.Side));
            ownOld.AddRange(world.Seek(before, keys / 2 / minutes, TimeSpan.FromSeconds(20), (seeker, announcer) => seeker.Side == announcer.Side));
        }

        TimeSpan apart = world.Network.Elapsed - cutAt;
        world.Network.Heal();
        List<double> each = [];
        List<Probe> across = [];
        for (int minute = 0; minute < 5; minute++)
        {
            across = world.Seek(meanwhile, keys / 5, TimeSpan.FromMinutes(1), (seeker, announcer) => seeker.Side != announcer.Side);
            each.Add(Bar.Found(across));
        }

        across = world.Seek(meanwhile, keys, TimeSpan.FromMinutes(1), (seeker, announcer) => seeker.Side != announcer.Side);
        Bar.Print(world.Network, $"apart for {apart.TotalMinutes:F1} min, own half {Bar.Found([.. own, .. ownOld]):P2} of {own.Count + ownOld.Count} (announced since {Bar.Found(own):P2}, before {Bar.Found(ownOld):P2}); across after healing, minute by minute {string.Join(", ", each.Select(found => found.ToString("P1", null)))}, then {Bar.Found(across):P2} of {across.Count}");
        if (!judge)
        {
            return world;
        }

        Bar.Found([.. own, .. ownOld]).ShouldBeGreaterThanOrEqualTo(0.99);
        Bar.Found(across).ShouldBeGreaterThanOrEqualTo(0.99);
        return world;
    }
}
