using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 9: two networks of other protocol names meet, through peers that are in both and through chance connections, and stay apart.</summary>
public sealed class BridgeTests
{
    private const string OtherProtocol = "/own/kad/1.0.0";

    [Theory]
    [InlineData(1, 40)]
    public void Two_networks_stay_apart(int seed, int nodes) => Scenario(seed, nodes);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void Two_networks_of_two_hundred_stay_apart(int seed) => Scenario(seed, nodes: 200);

    internal static IpfsWorld Scenario(int seed, int nodes, bool judge = true)
    {
        IpfsWorld world = new(seed);
        List<Member> others = [];
        for (int i = 0; i < nodes; i++)
        {
            world.Join();
            others.Add(world.Start(world.Network.AddHost(), world.NewId(), others.Count == 0 ? [] : [others[world.Network.Chance.Next(others.Count)].Info], OtherProtocol));
            world.Network.RunFor(TimeSpan.FromMinutes(2) / nodes);
        }

        // A bridge is one peer at one endpoint with a node in each.
        for (int i = 0; i < 5; i++)
        {
            Member bridge = world.Join();
            Member second = new(world, bridge.Peer, OtherProtocol);
            second.Join([others[world.Network.Chance.Next(others.Count)].Info]);
            others.Add(second);
        }

        // And anybody may be connected with anybody, for whatever else they speak.
        for (int i = 0; i < 20 * nodes; i++)
        {
            world.Network.Schedule(TimeSpan.FromMinutes(20) * world.Network.Chance.NextDouble(), () =>
            {
                Member other = others[world.Network.Chance.Next(others.Count)];
                world.Streams.Ask(world.Pick().Peer, "/other/1.0.0", other.Id, [other.Peer.Endpoint], default, (_, _) => { });
            });
        }

        world.Network.RunFor(TimeSpan.FromMinutes(25));
        int foreign = Foreign(world.Members) + Foreign(others);
        double entries = world.Members.Concat(others).Average(member => member.Core.Contacts);
        List<Announcer> announced = world.Publish(nodes, TimeSpan.FromMinutes(1));
        double found = Bar.Found(world.Seek(announced, nodes, TimeSpan.FromMinutes(1)));
        Bar.Print(world, $"foreign entries {foreign}, entries {entries:F0}, found {found:P2}");
        if (!judge)
        {
            return world;
        }

        foreign.ShouldBe(0);
        entries.ShouldBeGreaterThan(20);
        found.ShouldBe(1);
        return world;
    }

    private static int Foreign(IReadOnlyCollection<Member> members)
    {
        HashSet<PeerId> own = [.. members.Select(member => member.Id)];
        return members.Sum(member => member.Core.Entries.Count(entry => !own.Contains(entry.Id)));
    }
}
