namespace Kadstone.Datagrams;

/// <summary>How long an answer usually takes: when an open request gives its slot back and is sent once more.</summary>
/// <remarks>RFC 6298: smoothed mean and deviation; a request that was sent twice gives no sample (Karn's rule).</remarks>
public sealed class RoundTripEstimator
{
    /// <summary>The first guess, before any answer came.</summary>
    public static TimeSpan Initial { get; } = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(200);

    // With a fifth of the datagrams lost each way, four in a row come after a second sending once in sixty times.
    private const int AmbiguousInARow = 4;

    private int _ambiguousInARow;
    private double _smoothed;
    private double _deviation;

    /// <summary>The smoothed mean plus four deviations; 200 ms to 1 s.</summary>
    public TimeSpan Patience { get; private set; } = Initial;

    /// <summary>An answer to a request that was sent more than once: it may belong to any of the sendings.</summary>
    /// <remarks>Where every answer comes so, the round trip has grown beyond the patience, and the first sending is what was answered.</remarks>
    public void SampleAmbiguous(TimeSpan sinceFirst)
    {
        if (++_ambiguousInARow >= AmbiguousInARow)
        {
            Take(sinceFirst);
        }
    }

    /// <summary>An answer to a request that was sent once.</summary>
    public void Sample(TimeSpan roundTrip)
    {
        _ambiguousInARow = 0;
        Take(roundTrip);
    }

    private void Take(TimeSpan roundTrip)
    {
        double ticks = Math.Max(0, roundTrip.Ticks);
        if (_smoothed == 0)
        {
            _smoothed = ticks;
            _deviation = ticks / 2;
        }
        else
        {
            _deviation += (Math.Abs(ticks - _smoothed) - _deviation) / 4;
            _smoothed += (ticks - _smoothed) / 8;
        }

        Patience = TimeSpan.FromTicks((long)Math.Clamp(_smoothed + (4 * _deviation), s_least.Ticks, Initial.Ticks));
    }
}
