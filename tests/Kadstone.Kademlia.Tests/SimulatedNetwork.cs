namespace Kadstone.Kademlia.Tests;

/// <summary>A static network in virtual time: every request takes one round trip, unless its node is silent.</summary>
internal sealed class SimulatedNetwork
{
    private readonly Random _chance;
    private readonly int _width;
    private readonly RoutingTable<Key160, Peer>[] _tables;
    private readonly Peer[] _nodes;
    private readonly HashSet<int> _silent = [];

    public SimulatedNetwork(int seed, int nodes, int bucketSize, int width = 8)
    {
        _chance = new Random(seed);
        _width = width;
        _nodes = [.. Enumerable.Range(0, nodes).Select(i => new Peer(Keyspace.Random<Key160>(_chance), 0x0a000000u + ((uint)i << 8)))];
        _tables = [.. _nodes.Select(node => FillTable(node, bucketSize))];
    }

    public Random Chance => _chance;

    public IReadOnlyList<Peer> Nodes => _nodes;

    public Func<TimeSpan> RoundTrip { get; set; } = () => TimeSpan.FromMilliseconds(100);

    /// <summary>What a node answers, made of what an honest one would.</summary>
    public Func<Peer, Key160, Peer[], Peer[]> Reply { get; set; } = (_, _, honest) => honest;

    public static int IndexOf(Peer peer) => (int)((peer.Address - 0x0a000000u) >> 8);

    public RoutingTable<Key160, Peer> TableOf(int node) => _tables[node];

    public void Silence(int node) => _silent.Add(node);

    public Peer[] TrueClosest(Key160 target, int count) =>
        [.. _nodes.Where((_, i) => !_silent.Contains(i)).OrderBy(node => node.Key ^ target).Take(count)];

    public LookupRun Run(Key160 target, int asker, LookupOptions options)
    {
        Span<Peer> closest = stackalloc Peer[_width];
        int count = _tables[asker].CopyClosest(target, closest);
        NodeLookup<Key160, Peer> lookup = new(target, options, closest[..count]);
        PriorityQueue<(Peer Peer, bool Answers), (Instant, int)> events = new();
        Instant now = new(0);
        int sequence = 0;
        while (true)
        {
            while (lookup.TryNext(now, out Peer peer))
            {
                bool answers = !_silent.Contains(IndexOf(peer));
                Instant at = now + (answers ? RoundTrip() : TimeSpan.FromSeconds(3));
                events.Enqueue((peer, answers), (at, sequence++));
            }

            if (lookup.IsFinished)
            {
                return new LookupRun(lookup, now - new Instant(0));
            }

            if (!events.TryPeek(out _, out (Instant At, int) next) || lookup.NextDeadline < next.At)
            {
                now = lookup.NextDeadline;
                (now < Instant.Never).ShouldBeTrue("the lookup waits for nothing");
                continue;
            }

            (Peer from, bool answered) = events.Dequeue();
            now = next.At;
            if (answered)
            {
                int node = IndexOf(from);
                count = _tables[node].CopyClosest(target, closest);
                Peer[] others = [.. Reply(from, target, closest[..count].ToArray()).Where(peer => IndexOf(peer) != asker)];
                lookup.Answer(from, others, now);
            }
            else
            {
                lookup.Fail(from, now);
            }
        }
    }

    private RoutingTable<Key160, Peer> FillTable(Peer self, int bucketSize)
    {
        RoutingTable<Key160, Peer> table = new(self.Key, new RoutingTableOptions { BucketSize = bucketSize, ReplacementSize = 0 }, _chance);
        foreach (int i in Shuffled())
        {
            table.Admit(_nodes[i], new Instant(0));
        }

        return table;
    }

    private int[] Shuffled()
    {
        int[] order = [.. Enumerable.Range(0, _nodes.Length)];
        _chance.Shuffle(order);
        return order;
    }
}

internal sealed record LookupRun(NodeLookup<Key160, Peer> Lookup, TimeSpan Took)
{
    public int Hits(Peer[] expected)
    {
        Peer[] found = new Peer[expected.Length];
        int count = Lookup.CopyClosest(found);
        return expected.Intersect(found[..count]).Count();
    }
}
