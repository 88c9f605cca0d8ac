using System.Globalization;
using System.Runtime.CompilerServices;

namespace Kadstone.Simulation.Tests;

/// <summary>What all bars share: their seeds, their arithmetic, and where their figures go.</summary>
internal static class Bar
{
    /// <summary>1 and 2; KADSTONE_SEEDS says how many.</summary>
    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.TryParse(Environment.GetEnvironmentVariable("KADSTONE_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seeds) ? seeds : 2)];

    internal static void Print(SimulatedNetwork network, DefaultInterpolatedStringHandler text) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{text.ToStringAndClear()} ({network.Describe()}, {network.Traffic.Sent:N0} datagrams)");

    /// <summary>The share of lookups that found what they looked for, of those that count.</summary>
    internal static double Found(IReadOnlyCollection<IProbe> probes)
    {
        IProbe[] counted = [.. probes.Where(probe => probe.Counts)];
        return counted.Length == 0 ? 1 : counted.Count(probe => probe.IsFound) / (double)counted.Length;
    }

    internal static double Percentile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, part * sorted.Length)];
    }
}
