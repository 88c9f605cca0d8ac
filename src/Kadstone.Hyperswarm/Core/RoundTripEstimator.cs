namespace Kadstone.Hyperswarm.Core;

/// <summary>How long an answer usually takes: when an open request gives its slot back and is sent once more.</summary>
/// <remarks>RFC 6298: smoothed mean and deviation; a request that was sent twice gives no sample (Karn's rule).</remarks>
internal sealed class RoundTripEstimator
{
    /// <summary>The first guess, before any answer came.</summary>
    internal static readonly TimeSpan Initial = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(200);

    private double _smoothed;
    private double _deviation;

    /// <summary>The smoothed mean plus four deviations; 200 ms to 1 s.</summary>
    internal TimeSpan Patience { get; private set; } = Initial;

    internal void Sample(TimeSpan roundTrip)
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
