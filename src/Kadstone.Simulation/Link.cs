using System.Diagnostics;

namespace Kadstone.Simulation;

/// <summary><see cref="LinkOptions"/> in the form the event loop asks: thresholds and a table of quantiles instead of doubles and logarithms.</summary>
internal sealed class Link
{
    private const int QuantileBits = 10;
    private const int FractionBits = 20;

    // The bounds stand this many standard deviations from the median: the tails beyond (1.2 %) are cut off, not piled up.
    private const double BoundInDeviations = 2.5;

    private readonly int[] _oneWayQuantiles;
    private readonly long _minOneWay;
    private readonly long _maxOneWay;
    private readonly double _jitter;
    private readonly ulong _loss;
    private readonly ulong _duplication;
    private readonly ulong _reordering;
    private readonly long _reorderingDelay;

    internal Link(LinkOptions options)
    {
        options.Validate();
        MaxDatagram = options.MaxDatagram;
        _jitter = options.Jitter;
        _loss = Threshold(options.Loss);
        _duplication = Threshold(options.Duplication);
        _reordering = Threshold(options.Reordering);
        _reorderingDelay = options.ReorderingDelay.Ticks;
        _minOneWay = (options.MinRoundTrip.Ticks + 1) / 2;
        _maxOneWay = Math.Max(_minOneWay, options.MaxRoundTrip.Ticks / 2);
        _oneWayQuantiles = LogNormalQuantiles(_minOneWay, Math.Max(_minOneWay, _maxOneWay / (1 + _jitter)));
    }

    internal int MaxDatagram { get; }

    internal bool Loses(uint draw) => draw < _loss;

    internal bool Duplicates(uint draw) => draw < _duplication;

    internal bool Reorders(uint draw) => draw < _reordering;

    /// <summary>The undisturbed one-way time of a pair of hosts, in ticks.</summary>
    internal long BaseOneWay(ulong pair)
    {
        int index = (int)(pair >> (64 - QuantileBits));
        long fraction = (long)(pair & ((1UL << FractionBits) - 1));
        long low = _oneWayQuantiles[index];
        long high = _oneWayQuantiles[index + 1];
        return low + (((high - low) * fraction) >> FractionBits);
    }

    internal long OneWay(ulong pair, uint draw)
    {
        long undisturbed = BaseOneWay(pair);
        long jittered = undisturbed + (long)(undisturbed * _jitter * draw * (1.0 / uint.MaxValue));
        return Math.Clamp(jittered, _minOneWay, _maxOneWay);
    }

    internal long HeldBack(uint draw) => (long)(_reorderingDelay * (double)draw / uint.MaxValue);

    private static ulong Threshold(double chance) => (ulong)(chance * (1UL << 32));

    private static int[] LogNormalQuantiles(double min, double max)
    {
        const int Quantiles = 1 << QuantileBits;
        const int Steps = 16_384;
        Debug.Assert(min <= max);

        int[] quantiles = new int[Quantiles + 1];
        double[] cumulative = new double[Steps + 1];
        for (int step = 1; step <= Steps; step++)
        {
            double deviation = BoundInDeviations * (((2.0 * step) - 1 - Steps) / Steps);
            cumulative[step] = cumulative[step - 1] + Math.Exp(-deviation * deviation / 2);
        }

        double logMin = Math.Log(Math.Max(min, 1));
        double logMax = Math.Log(Math.Max(max, 1));
        int at = 0;
        for (int quantile = 1; quantile < Quantiles; quantile++)
        {
            double wanted = cumulative[Steps] * quantile / Quantiles;
            while (cumulative[at] < wanted)
            {
                at++;
            }

            quantiles[quantile] = (int)Math.Clamp(Math.Exp(logMin + ((logMax - logMin) * at / Steps)), min, max);
        }

        quantiles[0] = (int)min;
        quantiles[Quantiles] = (int)max;
        return quantiles;
    }
}
