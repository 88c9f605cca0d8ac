namespace Kadstone.Libp2p.Core;

/// <summary>How often a peer may do what costs us more than it costs the peer: a burst, and then so many a second.</summary>
internal sealed class Budget(int burst, int perSecond)
{
    private double _left = burst;
    private TimeSpan _counted;

    public bool TryTake(TimeSpan now)
    {
        if (now > _counted)
        {
            _left = Math.Min(burst, _left + ((now - _counted).TotalSeconds * perSecond));
            _counted = now;
        }

        if (_left < 1)
        {
            return false;
        }

        _left--;
        return true;
    }
}
