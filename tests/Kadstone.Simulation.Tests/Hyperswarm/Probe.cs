using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>One LOOKUP of a scenario, and what came of it.</summary>
internal sealed class Probe : IProbe
{
    private readonly Instant _startedAt;
    private Instant? _endedAt;

    private Probe(HyperWorld world, Member from, Key256 topic, Member? announcer)
    {
        From = from;
        _startedAt = world.Network.Now;
        Walk = world.Ask(
            from,
            HyperCommand.Lookup,
            topic,
            answer => IsFound |= announcer is not null && LookupReading.RecordsOf(answer).Any(record => record.PublicKey.Span.SequenceEqual(announcer.Keys.PublicKey)),
            endedAt =>
            {
                _endedAt = endedAt;
                Counts = announcer is null or { IsLiving: true };
            });
    }

    internal Member From { get; }

    internal Walk Walk { get; }

    public bool IsFound { get; private set; }

    internal bool IsFinished => _endedAt is not null;

    public bool Counts { get; private set; }

    internal double Seconds => ((_endedAt ?? throw new InvalidOperationException("It has not ended.")) - _startedAt).TotalSeconds;

    internal int Asked => Walk.Lookup.Asked;

    /// <summary>Looks for an announcer by its topic, from a node, now.</summary>
    internal static Probe Start(HyperWorld world, Member from, Key256 topic, Member? announcer) => new(world, from, topic, announcer);
}
