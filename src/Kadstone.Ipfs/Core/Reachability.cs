using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>Whether others can dial us, as far as those say that tried.</summary>
/// <remarks>
/// One that reached us is a proof for as long as nobody knows better; what confirms it makes it last, and it takes as many who tried
/// in vain to undo it. A refusal says nothing. No peer is heard twice within an hour.
/// </remarks>
internal sealed class Reachability
{
    /// <summary>Between two peers that are asked while nothing is known, and when it is.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan s_later = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_peerRest = TimeSpan.FromHours(1);

    private const int Certain = 3;
    private const int MaxRemembered = 256;

    private readonly Dictionary<PeerId, Instant> _asked = [];
    private int _confidence;
    private Instant _next = new(long.MinValue / 2);

    /// <summary>Whether we can be dialed; null: nobody has said.</summary>
    public bool? IsReachable { get; private set; }

    /// <summary>Names the peer to ask now, one that was not asked lately; null when it is not time, or there is none.</summary>
    public PeerId? TryTake(IEnumerable<PeerId> speakers, Instant now)
    {
        if (now < _next)
        {
            return null;
        }

        foreach (PeerId old in _asked.Where(pair => now - pair.Value >= s_peerRest).Select(pair => pair.Key).ToArray())
        {
            _asked.Remove(old);
        }

        PeerId? next = _asked.Count < MaxRemembered ? speakers.FirstOrDefault(peer => !_asked.ContainsKey(peer)) : null;
        if (next is not null)
        {
            _asked.Add(next, now);
            _next = now + (Math.Abs(_confidence) < Certain ? s_soon : s_later);
        }

        return next;
    }

    /// <summary>Notes what a peer says.</summary>
    public void Heard(DialBackStatus status)
    {
        _confidence = status switch
        {
            DialBackStatus.Reached => Math.Min(Certain, Math.Max(0, _confidence) + 1),
            DialBackStatus.NotReached => Math.Max(-Certain, _confidence - 1),
            _ => _confidence,
        };
        IsReachable = _confidence switch
        {
            > 0 => true,
            < 0 => false,
            _ => IsReachable,
        };
    }
}
