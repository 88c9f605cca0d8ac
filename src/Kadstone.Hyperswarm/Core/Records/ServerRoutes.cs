using System.Runtime.CompilerServices;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Servers that announced themselves here: found by FIND_PEER, and handshakes for them are passed on to where they announced from.</summary>
internal sealed class ServerRoutes
{
    private readonly ExpiringMap<Route> _routes;
    private readonly SourceCounts _sources;

    public ServerRoutes(HyperLimits limits, SecretKeyComparer comparer)
    {
        _sources = new SourceCounts(limits.PerSource);
        _routes = new ExpiringMap<Route>(limits.Routes, limits.RecordLifetime, comparer) { Left = (_, route) => _sources.Remove(SourceCounts.HostOf(route.Address)) };
    }

    public int Count => _routes.Count;

    /// <summary>Announces that found no room.</summary>
    public long Refused { get; private set; }

    public Instant NextDeadline => _routes.NextDeadline;

    /// <summary>Takes a server, or renews its life, under the hash of its public key.</summary>
    public bool Announce(in Key256 target, in KeptPeer peer, UdpEndpoint source, Instant now)
    {
        uint host = SourceCounts.HostOf(source);
        bool isKnown = !Unsafe.IsNullRef(ref _routes.Find(target, now));
        if ((!isKnown && !_sources.HasRoom(host)) || !_routes.Put(target, new Route(peer, source), now))
        {
            Refused++;
            return false;
        }

        _sources.Add(host);
        return true;
    }

    /// <summary>Renews the life of a server that is there, at the address that it now has.</summary>
    public bool Refresh(in Key256 target, UdpEndpoint source, Instant now) => TryGet(target, now, out Route route) && Announce(target, route.Peer, source, now);

    public bool Remove(in Key256 target) => _routes.Remove(target);

    public bool TryGet(in Key256 target, Instant now, out Route route)
    {
        ref Route found = ref _routes.Find(target, now);
        bool isThere = !Unsafe.IsNullRef(ref found);
        route = isThere ? found : default;
        return isThere;
    }

    public void Expire(Instant now) => _routes.Expire(now);

    /// <summary>A server and the way to it.</summary>
    /// <param name="Peer">Its record.</param>
    /// <param name="Address">Where it announced from.</param>
    internal readonly record struct Route(KeptPeer Peer, UdpEndpoint Address);
}
