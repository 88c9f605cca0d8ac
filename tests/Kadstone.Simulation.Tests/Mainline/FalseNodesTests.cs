using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 16: answers that point at a victim, or at nobody without end.</summary>
public sealed class FalseNodesTests
{
    [Theory]
    [InlineData(1, 100)]
    public void A_lookup_is_no_weapon(int seed, int nodes) => Scenario(seed, nodes);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void A_lookup_among_a_thousand_is_no_weapon(int seed) => Scenario(seed, nodes: 1_000);

    internal static MainlineWorld Scenario(int seed, int nodes, bool judge = true)
    {
        MainlineWorld world = MainlineWorld.Grown(seed, nodes);
        SimulatedNetwork network = world.Network;
        UdpEndpoint victim = UdpEndpoint.FromIPv4(0xC7000001, 6881);
        network.AddHost(victim);

        // Three kinds of lies, each of them nearer to the target than anybody: one endpoint under many ids, one host with many ports,
        // and hosts that nobody has.
        uint unused = 0xC8000001;
        uint liars = 0;
        int NamesEndpoint(Key160 target, Span<NodeContact> named) => Name(target, named, () => victim);
        int NamesHost(Key160 target, Span<NodeContact> named) => Name(target, named, () => victim.WithPort((ushort)network.Chance.Next(1, 65_536)));
        int NamesNobody(Key160 target, Span<NodeContact> named) => Name(target, named, () => UdpEndpoint.FromIPv4(unused += 256, 6881));
        int Name(Key160 target, Span<NodeContact> named, Func<UdpEndpoint> endpoint)
        {
            for (int i = 0; i < named.Length; i++)
            {
                named[i] = new NodeContact(Keyspace.RandomInBucket(target, network.Chance.Next(21, 150), network.Chance), endpoint());
            }

            return named.Length;
        }

        int toEndpoint = 0, toHost = 0, packets = 0, longest = 0;
        foreach (Responder.Names names in (Responder.Names[])[NamesEndpoint, NamesHost, NamesNobody])
        {
            Member searcher = world.Join();
            network.RunFor(TimeSpan.FromMinutes(1));
            for (int i = 0; i < 40; i++)
            {
                UdpEndpoint endpoint = UdpEndpoint.FromIPv4(0xC9000001 + (liars++ << 8), 6881);

                // A liar stands beside the key, and the searcher has it in its table: both are near the searcher, where buckets have room.
                Key160 key = Keyspace.RandomInBucket(searcher.Id, 12 + (i / 8), network.Chance);
                Key160 id = Keyspace.RandomInBucket(key, 20, network.Chance);
                SimulatedNode<Responder> liar = network.AddHost(endpoint).Bind(new Responder(id, names), 6881);
                searcher.Run((core, now) => core.Start(new DirectQuery(KrpcMethod.Ping, default), endpoint, id, now));
                network.RunFor(TimeSpan.FromSeconds(2));
                searcher.Table.Contains(new NodeContact(id, endpoint)).ShouldBeTrue($"liar {i} of {names.Method.Name}, {searcher.Table.Count} entries");

                Dictionary<UdpEndpoint, int> sent = [];
                network.Tap = packet =>
                {
                    if (packet.Sender == searcher.Node!.Host && packet.Fate is PacketFate.Sent or PacketFate.Unreachable
                        && packet.From == searcher.Endpoint && packet.Datagram.IndexOf("9:get_peers"u8) > 0)
                    {
                        sent[packet.To] = sent.GetValueOrDefault(packet.To) + 1;
                    }
                };
                Probe probe = Probe.Start(world, searcher, key, null);
                network.RunUntil(() => probe.IsFinished, TimeSpan.FromMinutes(2)).ShouldBeTrue("every lookup ends");
                network.RunFor(TimeSpan.FromSeconds(10));
                network.Tap = null;
                toEndpoint = Math.Max(toEndpoint, sent.GetValueOrDefault(victim));
                toHost = Math.Max(toHost, sent.Where(one => one.Key.Host == victim.Host).Sum(one => one.Value));
                packets = Math.Max(packets, sent.Values.Sum());
                longest = Math.Max(longest, (int)probe.Seconds);
                liar.Close();
            }
        }

        Bar.Print(world.Network, $"to one endpoint {toEndpoint}, to one host {toHost}, packets of a lookup {packets}, longest {longest} s");
        if (!judge)
        {
            return world;
        }

        toEndpoint.ShouldBeLessThanOrEqualTo(10);
        toHost.ShouldBeLessThanOrEqualTo(20);
        packets.ShouldBeLessThanOrEqualTo(200);
        return world;
    }
}
