using Kadstone.Datagrams;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 16: answers that point at a victim, or at nobody without end. A peer's name says nothing of its address: a liar has as many as it likes.</summary>
public sealed class FalseNodesTests
{
    [Theory]
    [InlineData(1, 60)]
    public void A_lookup_is_no_weapon(int seed, int nodes) => Scenario(seed, nodes, each: 2);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_lookup_among_a_thousand_is_no_weapon(int seed) => Scenario(seed, nodes: 1_000, each: 10);

    internal static IpfsWorld Scenario(int seed, int nodes, int each, bool judge = true)
    {
        IpfsWorld world = IpfsWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        UdpEndpoint victim = UdpEndpoint.FromIPv4(0xC700_0001, IpfsWorld.Port);
        uint unused = 0xC800_0001;
        uint liars = 0xC600_0001;

        // Four kinds of lies: one endpoint, one host with many ports, hosts that nobody has, and one victim among many addresses of each.
        Func<UdpEndpoint[]>[] lies =
        [
            () => [victim],
            () => [victim.WithPort((ushort)network.Chance.Next(1, 65_536))],
            () => [UdpEndpoint.FromIPv4(unused += 256, IpfsWorld.Port)],
            () => [.. Enumerable.Range(0, 7).Select(_ => UdpEndpoint.FromIPv4(unused += 256, IpfsWorld.Port)), victim],
        ];
        Dictionary<(Member, UdpEndpoint), int> toEndpoint = [];
        Dictionary<Member, int> toHost = [];
        Dictionary<PeerId, Member> members = world.Members.ToDictionary(member => member.Id);
        world.Streams.Dialed = (from, endpoint) =>
        {
            if (endpoint.WithPort(0) == victim.WithPort(0) && members.TryGetValue((PeerId)from.Name, out Member? member))
            {
                toEndpoint[(member, endpoint)] = toEndpoint.GetValueOrDefault((member, endpoint)) + 1;
                toHost[member] = toHost.GetValueOrDefault(member) + 1;
            }
        };

        int worstEndpoint = 0;
        int worstHost = 0;
        int requests = 0;
        int lookups = 0;
        double longest = 0;
        foreach (Func<UdpEndpoint[]> lie in lies)
        {
            for (int i = 0; i < each; i++)
            {
                byte[] content = world.NewContent();
                Key256 key = PeerContact.KeyOf(content);
                Member[] honest = [.. world.Members.OrderBy(member => member.Key ^ key)];
                Key256 nearest = honest[0].Key ^ key;

                // Ever new names, each as near as a few tries make it.
                IReadOnlyList<KadPeer> Lies(Key256 target) => [.. Enumerable.Range(0, KadMessage.MaxCloser).Select(_ => new KadPeer(
                    Enumerable.Range(0, 4).Select(_ => world.NewId()).MinBy(id => PeerContact.KeyOf(id.Bytes.Span) ^ target) ?? world.NewId(),
                    [.. lie().Select(endpoint => Multiaddr.FromTcp(endpoint.ToIPAddress(), endpoint.Port))]))];
                Stranger[] strangers = [.. Enumerable.Range(0, 10).Select(_ => new Stranger(world, Stranger.IdWithin(world, key, nearest), liars += 65_536 / 16, Lies))];
                foreach (Stranger stranger in strangers)
                {
                    Array.ForEach(honest[..Math.Min(honest.Length, 40)], stranger.Meet);
                }

                network.RunFor(TimeSpan.FromSeconds(20));
                toEndpoint.Clear();
                toHost.Clear();
                HashSet<Member> seekers = [];
                Probe[] probes = [.. world.Probes(3, TimeSpan.FromSeconds(1), () => Probe.Start(world, world.Pick(seekers.Add), content, null))];
                requests = Math.Max(requests, probes.Max(probe => probe.Query.Asked));
                longest = Math.Max(longest, probes.Max(probe => probe.Seconds));
                lookups += probes.Length;
                worstEndpoint = Math.Max(worstEndpoint, toEndpoint.Values.DefaultIfEmpty().Max());
                worstHost = Math.Max(worstHost, toHost.Values.DefaultIfEmpty().Max());
                Array.ForEach(strangers, stranger => stranger.Leave());
            }
        }

        Bar.Print(world, $"of {lookups} lookups the most dials of a node to one endpoint {worstEndpoint}, to one host {worstHost}; requests {requests}, longest {longest:F0} s");
        if (!judge)
        {
            return world;
        }

        lookups.ShouldBe(12 * each);
        worstHost.ShouldBePositive("the lies were not believed by anybody: then they were none");
        worstEndpoint.ShouldBeLessThanOrEqualTo(10);
        worstHost.ShouldBeLessThanOrEqualTo(20);
        requests.ShouldBeLessThanOrEqualTo(200);
        return world;
    }
}
