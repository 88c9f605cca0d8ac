using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>One search for all providers of a content, and what came of it.</summary>
internal sealed class Probe : IProbe
{
    private readonly IpfsWorld _world;
    private readonly Instant _startedAt;
    private readonly Member? _provider;
    private Instant? _foundAt;
    private Instant? _endedAt;

    private Probe(IpfsWorld world, Member from, byte[] content, Member? provider)
    {
        _world = world;
        _provider = provider;
        From = from;
        _startedAt = world.Network.Now;
        Query = new KadQuery(from.Settings, KadQueryKind.FindProviders, content);
    }

    internal Member From { get; }

    internal KadQuery Query { get; }

    public bool IsFound => _foundAt is not null;

    internal bool IsFinished => _endedAt is not null;

    public bool Counts { get; private set; }

    /// <summary>How long the whole search took: until every one of the closest has answered or was given up.</summary>
    internal double Seconds => ((_endedAt ?? throw new InvalidOperationException("It has not ended.")) - _startedAt).TotalSeconds;

    /// <summary>How long it took to the provider; if it was not found, to the end.</summary>
    internal double SecondsToFind => ((_foundAt ?? _endedAt ?? throw new InvalidOperationException("It has not ended.")) - _startedAt).TotalSeconds;

    internal static Probe Start(IpfsWorld world, Member from, byte[] content, Member? provider)
    {
        Probe probe = new(world, from, content, provider);
        probe.Start();
        return probe;
    }

    private void Start()
    {
        // What a node has been told itself it need not seek.
        foreach (PeerInfo known in From.Core.ProvidersOf(Query.Target, _world.Network.Now))
        {
            Query.Offer(known);
        }

        From.Start(Query, Look, () =>
        {
            _endedAt = _world.Network.Now;
            Counts = _provider is null or { IsLiving: true };
        });
    }

    private void Look(QueryEvent happened)
    {
        if (happened.Type == QueryEventType.Provider && _provider is not null && happened.Responses[0].Id == _provider.Id && happened.Responses[0].Addresses.Count > 0)
        {
            _foundAt ??= _world.Network.Now;
        }
    }
}
