using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>How many requests each peer may send: so many a second, and ten seconds' worth at once.</summary>
/// <remarks>Bounded: who has been quiet long enough to have its whole budget back is forgotten, and while nobody is, strangers get nothing.</remarks>
internal sealed class RequestBudget(int perSecond, int capacity = 4096)
{
    private const int BurstSeconds = 10;

    private readonly Dictionary<PeerId, (double Left, Instant At)> _peers = [];

    private double Burst => (double)perSecond * BurstSeconds;

    /// <summary>Counts a request; false when it is one too many.</summary>
    public bool TryTake(PeerId peer, Instant now)
    {
        if (!_peers.TryGetValue(peer, out (double Left, Instant At) entry))
        {
            if (_peers.Count >= capacity && !MakeRoom(now))
            {
                return false;
            }

            entry = (Burst, now);
        }

        double left = Math.Min(Burst, entry.Left + ((now - entry.At).TotalSeconds * perSecond));
        bool isWithin = left >= 1;
        _peers[peer] = (isWithin ? left - 1 : left, now);
        return isWithin;
    }

    private bool MakeRoom(Instant now)
    {
        foreach (PeerId quiet in _peers.Where(pair => now - pair.Value.At >= TimeSpan.FromSeconds(BurstSeconds)).Select(pair => pair.Key).ToArray())
        {
            _peers.Remove(quiet);
        }

        return _peers.Count < capacity;
    }
}
