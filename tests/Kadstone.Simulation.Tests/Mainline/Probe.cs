using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>One get_peers lookup of a scenario, and what came of it.</summary>
internal sealed class Probe : IProbe
{
    private readonly GetPeersQuery _query;
    private readonly UdpEndpoint? _expected;
    private readonly Instant _startedAt;
    private Instant? _endedAt;

    private Probe(MainlineWorld world, Member from, Member? announcer, GetPeersQuery query)
    {
        _query = query;
        _expected = announcer?.Endpoint;
        _startedAt = world.Network.Now;
        From = from;
        query.Changed = () =>
        {
            while (query.TryTake(out UdpEndpoint peer))
            {
                IsFound |= peer == _expected;
            }

            if (query.IsFinished && _endedAt is null)
            {
                _endedAt = world.Network.Now;
                Counts = announcer is null or { IsLiving: true };
            }
        };
    }

    internal Member From { get; }

    public bool IsFound { get; private set; }

    internal bool IsFinished => _endedAt is not null;

    /// <summary>Whether it says something: at its end both the asker and who is looked for were there.</summary>
    public bool Counts { get; private set; }

    internal double Seconds => ((_endedAt ?? throw new InvalidOperationException("It has not ended.")) - _startedAt).TotalSeconds;

    internal int Hops => _query.Walks[0].Lookup.MaxHops;

    internal int Asked => _query.Walks[0].Lookup.Asked;

    internal Query Query => _query;

    internal NodeContact[] Closest()
    {
        NodeContact[] closest = new NodeContact[8];
        return closest[.._query.Walks[0].Lookup.CopyClosest(closest)];
    }

    /// <summary>Looks for the peers of a key, from a node, now; with an announcement if <paramref name="announcement"/> is given.</summary>
    internal static Probe Start(MainlineWorld world, Member from, Key160 key, Member? announcer, Announcement? announcement = null)
    {
        Probe probe = new(world, from, announcer, new GetPeersQuery(key, announcement));
        from.Run((core, now) => core.Start(probe._query, now));
        return probe;
    }
}
