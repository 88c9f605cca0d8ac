using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>300 nodes with a round trip of 100 ms, in simulated time.</summary>
public sealed class RpcNetworkTests(ITestOutputHelper output)
{
    private const int Nodes = 300;
    private const int Lookups = 20;

    [Fact]
    public void A_lookup_finds_the_closest_with_few_requests_and_soon()
    {
        Network network = new(TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(30));
        Random chance = new(5);
        int requests = 0, found = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int i = 0; i < Lookups; i++)
        {
            RpcProtocol node = network.Nodes[chance.Next(Nodes)];
            Key256 target = Keyspace.Random<Key256>(chance);
            Instant began = network.Now;
            Instant ended = began;
            Walk? walk = null;
            walk = node.Start(Question.FindNode(target), target, false, false, () => ended = walk is { IsFinished: true } && ended == began ? network.Now : ended, began);
            network.Run(TimeSpan.FromSeconds(5));
            walk.IsFinished.ShouldBeTrue();
            Key256[] closest = [.. network.Nodes.Where(other => other != node).Select(other => other.Id).OrderBy(id => id ^ target).Take(20)];
            found += walk.Closest().Count(contact => closest.Contains(contact.Id));
            requests += walk.Lookup.Asked;
            slowest = ended - began > slowest ? ended - began : slowest;
        }

        output.WriteLine($"{(double)requests / Lookups} requests, {(double)found / Lookups} of 20, slowest {slowest.TotalMilliseconds} ms");
        ((double)requests / Lookups).ShouldBeLessThanOrEqualTo(48);
        ((double)found / Lookups).ShouldBeGreaterThanOrEqualTo(19.8);
        slowest.ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(510));
    }

    [Fact]
    public void Half_a_minute_after_all_started_at_once_it_finds_them_too()
    {
        Network network = new(TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Random chance = new(7);
        int found = 0;
        for (int i = 0; i < Lookups; i++)
        {
            RpcProtocol node = network.Nodes[chance.Next(Nodes)];
            Key256 target = Keyspace.Random<Key256>(chance);
            Walk walk = node.Start(Question.FindNode(target), target, false, false, () => { }, network.Now);
            network.Run(TimeSpan.FromSeconds(3));
            Key256[] closest = [.. network.Nodes.Where(other => other != node).Select(other => other.Id).OrderBy(id => id ^ target).Take(20)];
            found += walk.Closest().Count(contact => closest.Contains(contact.Id));
        }

        output.WriteLine($"{(double)found / Lookups} of 20");
        ((double)found / Lookups).ShouldBeGreaterThanOrEqualTo(19.8);
    }

    /// <summary>Nodes that joined through the first of them.</summary>
    private sealed class Network
    {
        private static readonly TimeSpan s_oneWay = TimeSpan.FromMilliseconds(50);

        private readonly byte[] _buffer = new byte[2_048];
        private readonly Dictionary<UdpEndpoint, RpcProtocol> _byEndpoint = [];
        private readonly PriorityQueue<(byte[] Bytes, UdpEndpoint From, UdpEndpoint To), long> _underWay = new();

        internal Network(TimeSpan apart, TimeSpan settling)
        {
            for (int i = 0; i < RpcNetworkTests.Nodes; i++)
            {
                RpcProtocol node = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None }, [At(i)], new Random(i), Now);
                node.AddBootstrap(At(0), Now);
                Nodes.Add(node);
                _byEndpoint[At(i)] = node;
                node.Join(Now);
                Run(apart);
            }

            Run(settling);
        }

        internal List<RpcProtocol> Nodes { get; } = [];

        internal Instant Now { get; private set; } = new(TimeSpan.FromHours(1).Ticks);

        // In steps of 10 ms: who is due is looked for once a step.
        internal void Run(TimeSpan span)
        {
            Instant end = Now + span;
            Drain();
            while (Now < end)
            {
                Now += TimeSpan.FromMilliseconds(10);
                while (_underWay.TryPeek(out var datagram, out long at) && at <= Now.Ticks)
                {
                    _underWay.Dequeue();
                    if (_byEndpoint.TryGetValue(datagram.To, out RpcProtocol? node))
                    {
                        node.Receive(datagram.Bytes, datagram.From, 0, Now);
                    }
                }

                foreach (RpcProtocol node in Nodes)
                {
                    if (node.NextDeadline <= Now)
                    {
                        node.Elapse(Now);
                    }
                }

                Drain();
            }
        }

        private void Drain()
        {
            for (int i = 0; i < Nodes.Count; i++)
            {
                while (Nodes[i].TryTransmit(_buffer, Now, out Transmit transmit))
                {
                    _underWay.Enqueue((_buffer[..transmit.Length], At(i), transmit.To), (Now + s_oneWay).Ticks);
                }
            }
        }
    }
}
