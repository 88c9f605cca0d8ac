using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>The endpoints of the last while, in two generations: bounded, and forgotten without a scan.</summary>
/// <param name="span">How long an endpoint counts as noted, at least.</param>
/// <param name="capacity">How many of a generation are kept.</param>
public sealed class RecentEndpoints(TimeSpan span, int capacity)
{
    private HashSet<UdpEndpoint> _young = [];
    private HashSet<UdpEndpoint> _old = [];
    private Instant _turnAt;

    /// <summary>Notes an endpoint; false when it was noted within the span already.</summary>
    public bool Add(UdpEndpoint endpoint, Instant now)
    {
        if (now >= _turnAt || _young.Count >= capacity)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
            _turnAt = now + span;
        }

        return !_old.Contains(endpoint) && _young.Add(endpoint);
    }
}
