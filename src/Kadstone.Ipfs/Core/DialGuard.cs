using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>How many dials each host has left unanswered lately, in whatever lookups: whoever names ever new peers there makes of us no flood.</summary>
/// <remarks>
/// <para>A dial counts when it begins, for many begin before the first has failed; it no longer does when the peer answers and can have been nowhere else. One
/// is forgiven every two minutes: so long at most nobody new is reached at a host where others failed, or were said to be.</para>
/// <para>Whom we know (entries of the table, bootstrap peers) may always be dialed where we know it to be: false names must not cut us off from it. Bounded: the
/// host with the fewest makes room, so that nobody clears a host's count by naming many others.</para>
/// </remarks>
internal sealed class DialGuard(Func<PeerId, bool> isConnected, Func<PeerContact, ulong, bool> isKnown, int capacity = DialGuard.UsualCapacity)
{
    /// <summary>8: dials of one host that may be without an answer.</summary>
    public const int MaxUnanswered = 8;

    /// <summary>2,048 hosts.</summary>
    public const int UsualCapacity = 2048;

    private static readonly TimeSpan s_forgiveness = TimeSpan.FromMinutes(2);

    private readonly Dictionary<ulong, (double Unanswered, Instant At)> _hosts = [];

    /// <summary>How many hosts are counted.</summary>
    public int Count => _hosts.Count;

    /// <summary>Whether a peer may be asked that is said to be at a host.</summary>
    public bool Allows(in PeerContact peer, ulong host, Instant now) =>
        UnansweredOf(host, now) <= MaxUnanswered - 1 || isConnected(peer.Id) || isKnown(peer, host);

    /// <summary>A peer is about to be asked: without a connection it is dialed at each of its hosts.</summary>
    public void Asked(in PeerContact peer, Instant now)
    {
        if (!isConnected(peer.Id))
        {
            foreach (ulong host in peer.PublicHosts)
            {
                Dialed(host, now);
            }
        }
    }

    /// <summary>A peer answered that had been dialed. One of several hosts may be another's: then it is not known which of them it was.</summary>
    public void Answered(in PeerContact peer, Instant now)
    {
        ulong[] hosts = [.. peer.PublicHosts];
        if (hosts is not [ulong host])
        {
            return;
        }

        double unanswered = UnansweredOf(host, now) - 1;
        if (unanswered > 0)
        {
            _hosts[host] = (unanswered, now);
        }
        else
        {
            _hosts.Remove(host);
        }
    }

    private void Dialed(ulong host, Instant now)
    {

        double unanswered = UnansweredOf(host, now);
        if (_hosts.Count >= capacity && !_hosts.ContainsKey(host))
        {
            _hosts.Remove(_hosts.MinBy(pair => UnansweredOf(pair.Key, now)).Key);
        }

        _hosts[host] = (Math.Min(MaxUnanswered, unanswered + 1), now);
    }

    private double UnansweredOf(ulong host, Instant now) =>
        _hosts.TryGetValue(host, out (double Unanswered, Instant At) entry) ? Math.Max(0, entry.Unanswered - ((now - entry.At) / s_forgiveness)) : 0;
}
