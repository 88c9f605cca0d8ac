using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>How often something costly is done: so many times a window in all, and no more than a share of it for one host or /24.</summary>
/// <param name="window">The window.</param>
/// <param name="total">How often in all.</param>
/// <param name="limits">How often for one source; null for no such limit.</param>
internal sealed class Budget(TimeSpan window, int total, SourceLimits? limits)
{
    private readonly SourceCounts _counts = new(limits);
    private Instant _turnAt = new(long.MinValue);
    private int _spent;

    /// <summary>Takes one, if there is one left.</summary>
    public bool TrySpend(UdpEndpoint source, Instant now)
    {
        if (now >= _turnAt)
        {
            _turnAt = now + window;
            _spent = 0;
            _counts.Clear();
        }

        uint host = SourceCounts.HostOf(source);
        if (_spent >= total || !_counts.HasRoom(host))
        {
            return false;
        }

        _spent++;
        _counts.Add(host);
        return true;
    }
}
