using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 16: answers that point at a victim, or at nobody without end. An id follows from its address, so a liar searches ports that lie near the key.</summary>
public sealed class FalseNodesTests
{
    [Theory]
    [InlineData(1, 80)]
    public void A_lookup_is_no_weapon(int seed, int nodes) => Scenario(seed, nodes);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_lookup_among_a_thousand_is_no_weapon(int seed) => Scenario(seed, nodes: 1_000);

    internal static HyperWorld Scenario(int seed, int nodes, bool judge = true)
    {
        HyperWorld world = HyperWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        UdpEndpoint victim = UdpEndpoint.FromIPv4(0xC7000001, HyperWorld.Port);
        network.AddHost(victim);

        // Three kinds of lies: one endpoint again and again, one host with many ports, and hosts that nobody has.
        uint unused = 0xC8000001;
        uint liars = 0;
        int NamesEndpoint(Key256 target, Span<RpcContact> named) => Name(target, named, 1, () => victim);
        int NamesHost(Key256 target, Span<RpcContact> named) => Name(target, named, 100, () => victim.WithPort((ushort)network.Chance.Next(1, 65_536)));
        int NamesNobody(Key256 target, Span<RpcContact> named) => Name(target, named, 100, () => UdpEndpoint.FromIPv4(unused += 256, HyperWorld.Port));
        int Name(Key256 target, Span<RpcContact> named, int tries, Func<UdpEndpoint> endpoint)
        {
            for (int i = 0; i < named.Length; i++)
            {
                named[i] = Enumerable.Range(0, tries).Select(_ => RpcContact.FromEndpoint(endpoint())).MinBy(contact => contact.Id ^ target);
            }

            return named.Length;
        }

        int toEndpoint = 0, toHost = 0, packets = 0, longest = 0;
        foreach (Stranger.Names names in (Stranger.Names[])[NamesEndpoint, NamesHost, NamesNobody])
        {
            Member searcher = world.Join();
            network.RunFor(TimeSpan.FromMinutes(1));
            for (int i = 0; i < 20; i++)
            {
                // The liar is the one that the searcher asks first: the key is its own id.
                UdpEndpoint endpoint = UdpEndpoint.FromIPv4(0xC9000001 + (liars++ << 8), HyperWorld.Port);
                SimulatedNode<Stranger> liar = network.AddHost(endpoint).Bind(new Stranger(endpoint, names), endpoint.Port);
                RpcContact contact = RpcContact.FromEndpoint(endpoint);
                Dictionary<UdpEndpoint, int> sent = [];
                network.Tap = packet =>
                {
                    // Only LOOKUPs: hints and checks of the table are no part of it.
                    if (packet.Sender == searcher.Node!.Host && packet.Fate is PacketFate.Sent or PacketFate.Unreachable && packet.From == searcher.Endpoint
                        && RpcReader.TryRead(packet.Datagram, out RpcMessage message, out _)
                        && message is { Kind: RpcKind.Request, IsInternal: false })
                    {
                        sent[packet.To] = sent.GetValueOrDefault(packet.To) + 1;
                    }
                };
                Probe probe = Probe.Start(world, searcher, contact.Id, null);
                searcher.Run((core, _) =>
                {
                    probe.Walk.Lookup.AddSeeds([contact]);
                    core.Resume();
                });
                network.RunUntil(() => probe.IsFinished, TimeSpan.FromMinutes(2)).ShouldBeTrue("every lookup ends");
                network.RunFor(TimeSpan.FromSeconds(10));
                network.Tap = null;
                sent.ShouldContainKey(endpoint);
                toEndpoint = Math.Max(toEndpoint, sent.GetValueOrDefault(victim));
                toHost = Math.Max(toHost, sent.Where(one => one.Key.Host == victim.Host).Sum(one => one.Value));
                packets = Math.Max(packets, sent.Values.Sum());
                longest = Math.Max(longest, (int)probe.Seconds);
                liar.Close();
            }
        }

        Bar.Print(network, $"to one endpoint {toEndpoint}, to one host {toHost}, packets of a lookup {packets}, longest {longest} s");
        if (!judge)
        {
            return world;
        }

        toEndpoint.ShouldBeInRange(1, 10);
        toHost.ShouldBeInRange(1, 20);
        packets.ShouldBeLessThanOrEqualTo(200);
        return world;
    }
}
