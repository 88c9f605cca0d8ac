using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core.Gen1;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>The wire of the first generation: nodes that lose a tenth of the packets each way announce and find.</summary>
public sealed class FirstGenerationTests
{
    private const ushort Port = 49_737;

    [Fact]
    public void What_is_announced_is_found() => Scenario(seed: 1, nodes: 80, announcers: 20, lookups: 100);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Bar.Seeds), MemberType = typeof(Bar))]
    public void What_is_announced_is_found_among_two_hundred(int seed) => Scenario(seed, nodes: 200, announcers: 100, lookups: 1_000);

    internal static SimulatedNetwork Scenario(int seed, int nodes, int announcers, int lookups, bool judge = true)
    {
        SimulatedNetwork network = new(seed, new LinkOptions { Loss = 0.1 });
        List<SimulatedNode<Gen1Protocol>> members = [];
        for (int i = 0; i < nodes; i++)
        {
            members.Add(Add(network, members));
            network.RunFor(TimeSpan.FromMinutes(2) / nodes);
        }

        network.RunFor(TimeSpan.FromMinutes(3));
        Key256[] topics = [.. Enumerable.Range(0, announcers).Select(_ => Keyspace.Random<Key256>(network.Chance))];
        Gen1Walk[] announced = [.. topics.Select((topic, i) => Ask(members[i], topic, Gen1PeersType.Announce, static () => { }))];
        network.RunUntil(() => announced.All(walk => walk.IsFinished), TimeSpan.FromMinutes(1)).ShouldBeTrue();

        int found = 0;
        List<Gen1Walk> walks = [];
        List<double> seconds = [];
        for (int i = 0; i < lookups; i++)
        {
            network.Schedule(TimeSpan.FromMinutes(2) * network.Chance.NextDouble(), () =>
            {
                int sought = network.Chance.Next(announcers);
                int from = (sought + 1 + network.Chance.Next(nodes - 1)) % nodes;
                Instant began = network.Now;
                bool isFound = false;
                bool hasEnded = false;
                Gen1Walk? walk = null;
                walk = Ask(members[from], topics[sought], Gen1PeersType.Lookup, () =>
                {
                    while (walk!.TryTake(out RpcAnswer? answer))
                    {
                        isFound |= answer.Value is ReadOnlyMemory<byte> value
                            && Gen1Protocol.ReadPeers(answer.From, value.Span, null, out PeersFound? peers)
                            && peers.Peers.Contains(members[sought].LocalEndpoint().ToIPEndPoint());
                    }

                    if (walk.IsFinished && !hasEnded)
                    {
                        hasEnded = true;
                        found += isFound ? 1 : 0;
                        seconds.Add((network.Now - began).TotalSeconds);
                    }
                });
                walks.Add(walk);
            });
        }

        network.RunFor(TimeSpan.FromMinutes(2));
        network.RunUntil(() => walks.TrueForAll(walk => walk.IsFinished), TimeSpan.FromMinutes(1)).ShouldBeTrue("every lookup ends");
        Bar.Print(network, $"found {found / (double)lookups:P2} of {lookups}, stored by {announced.Average(walk => walk.Stored):F2}, requests {Bar.Percentile(walks.Select(walk => (double)walk.Asked), 0.5)} [{Bar.Percentile(walks.Select(walk => (double)walk.Asked), 0.95)}], lookup p50 {Bar.Percentile(seconds, 0.5):F2} s, p95 {Bar.Percentile(seconds, 0.95):F2} s");
        if (!judge)
        {
            return network;
        }

        seconds.Count.ShouldBe(lookups);
        (found / (double)lookups).ShouldBeGreaterThanOrEqualTo(0.99);
        announced.ShouldAllBe(walk => walk.Stored > 0);
        return network;
    }

    private static SimulatedNode<Gen1Protocol> Add(SimulatedNetwork network, List<SimulatedNode<Gen1Protocol>> others)
    {
        SimulatedHost host = network.AddHost();
        Gen1Protocol protocol = new(new Gen1Settings { ServesPeers = true }, host.Endpoint(Port), network.CreateChance(), network.Now);
        SimulatedNode<Gen1Protocol> node = host.Bind(protocol, Port);
        node.Run((started, now) =>
        {
            if (others.Count > 0)
            {
                started.AddBootstrap(others[0].LocalEndpoint(), now);
            }

            started.Join(now);
        });
        return node;
    }

    private static Gen1Walk Ask(SimulatedNode<Gen1Protocol> node, Key256 topic, Gen1PeersType type, Action changed)
    {
        bool isAnnounce = type == Gen1PeersType.Announce;
        byte[] value = ValueOf(type);
        Gen1WalkOptions options = new() { Keeps = !isAnnounce, Commits = isAnnounce, Changed = changed };
        return node.Run((protocol, now) => protocol.Start(Gen1Question.Of("peers", topic, value), topic, options, now));
    }

    private static byte[] ValueOf(Gen1PeersType type)
    {
        byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
        return buffer[..new Gen1PeersRequest(type, 0, null).Write(buffer)];
    }
}
