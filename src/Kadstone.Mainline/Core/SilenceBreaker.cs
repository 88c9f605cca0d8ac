using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>Hosts that said nothing to the last datagrams of our lookups: they are left alone for the rest of the minute.</summary>
/// <remarks>
/// Nodes lists are hearsay. Whoever names a victim in each of its answers makes every lookup of ours knock there; within one lookup the
/// host is limited, and this is the limit over all of them. By host, because ports are free; any answer of the host ends it.
/// </remarks>
internal sealed class SilenceBreaker
{
    /// <summary>A lookup asks four contacts of a host, twice each.</summary>
    private const int MaxUnanswered = 8;
    private const int Capacity = 4_096;

    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ulong, int> _unanswered = [];
    private Instant _turnAt;

    /// <summary>Notes datagrams that a host did not answer.</summary>
    internal void Silent(UdpEndpoint endpoint, int datagrams, Instant now)
    {
        if (now >= _turnAt || _unanswered.Count >= Capacity)
        {
            _unanswered.Clear();
            _turnAt = now + s_window;
        }

        _unanswered[endpoint.Host] = _unanswered.GetValueOrDefault(endpoint.Host) + datagrams;
    }

    internal void Answered(UdpEndpoint endpoint) => _unanswered.Remove(endpoint.Host);

    internal bool IsOpen(UdpEndpoint endpoint, Instant now) =>
        now < _turnAt && _unanswered.GetValueOrDefault(endpoint.Host) >= MaxUnanswered;
}
