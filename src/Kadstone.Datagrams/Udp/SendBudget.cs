using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>How many datagrams a second may leave, of one driver or of several together. What is over waits its turn in the protocol's outbox.</summary>
/// <remarks>The burst is a fifth of a second's worth, at least 4. Safe for concurrent use; drivers that share one have the same clock.</remarks>
public sealed class SendBudget
{
    private const int BurstsASecond = 5;
    private const int LeastBurst = 4;

    // Waking for each single datagram would cost more than it smooths.
    private static readonly long s_leastPause = TimeSpan.FromMilliseconds(5).Ticks;

    private readonly Lock _lock = new();
    private readonly long _ticksEach;
    private readonly long _burstTicks;
    private long _paidUntil = long.MinValue / 2;
    private long _second;
    private int _sentThisSecond;
    private int _sentLastSecond;
    private long _pausedUntil = long.MinValue;
    private long _pauses;

    /// <summary>A budget that nothing of is spent.</summary>
    /// <param name="perSecond">Datagrams a second; 1 to 1,000,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public SendBudget(int perSecond)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(perSecond, 1_000_000);
        PerSecond = perSecond;
        _ticksEach = TimeSpan.TicksPerSecond / perSecond;
        _burstTicks = _ticksEach * Math.Max(LeastBurst, perSecond / BurstsASecond);
    }

    /// <summary>Datagrams a second.</summary>
    public int PerSecond { get; }

    /// <summary>How often it was used up, so that whoever had something to send had to wait.</summary>
    public long Pauses => Interlocked.Read(ref _pauses);

    /// <summary>How many datagrams left in the last whole second before <paramref name="now"/>.</summary>
    public int SentLastSecond(Instant now)
    {
        lock (_lock)
        {
            Turn(now);
            return _sentLastSecond;
        }
    }

    /// <summary>Whether a datagram may leave now; if not, <paramref name="until"/> says when to ask again.</summary>
    internal bool HasOne(Instant now, out Instant until)
    {
        lock (_lock)
        {
            long over = _paidUntil + _ticksEach - _burstTicks - now.Ticks;
            if (over <= 0)
            {
                until = now;
                return true;
            }

            until = new Instant(now.Ticks + Math.Max(over, s_leastPause));
            if (now.Ticks >= _pausedUntil)
            {
                Interlocked.Increment(ref _pauses);
            }

            _pausedUntil = until.Ticks;
            return false;
        }
    }

    /// <summary>One left.</summary>
    internal void Spend(Instant now)
    {
        lock (_lock)
        {
            _paidUntil = Math.Max(_paidUntil, now.Ticks) + _ticksEach;
            Turn(now);
            _sentThisSecond++;
        }
    }

    private void Turn(Instant now)
    {
        long second = now.Ticks / TimeSpan.TicksPerSecond;
        if (second != _second)
        {
            _sentLastSecond = second == _second + 1 ? _sentThisSecond : 0;
            _sentThisSecond = 0;
            _second = second;
        }
    }
}
