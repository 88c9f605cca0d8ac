using System.Globalization;
using System.Runtime.CompilerServices;
using Kadstone.Simulation.Tests.Ipfs;

namespace Kadstone.Simulation.Tests;

/// <summary>What all bars share: their seeds, their arithmetic, and where their figures go.</summary>
internal static class Bar
{
    /// <summary>1 and 2; KADSTONE_SEEDS says how many.</summary>
    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.TryParse(Environment.GetEnvironmentVariable("KADSTONE_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seeds) ? seeds : 2)];

    internal static void Print(SimulatedNetwork network, DefaultInterpolatedStringHandler text) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{text.ToStringAndClear()} ({network.Describe()}, {network.Traffic.Sent:N0} datagrams)");

    internal static void Print(IpfsWorld world, DefaultInterpolatedStringHandler text) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{text.ToStringAndClear()} ({world.Network.Describe()}, {world.Streams.Requests:N0} requests, {world.Streams.Dials:N0} dials)");

    internal static string Times(IReadOnlyCollection<Probe> probes) => string.Create(
        CultureInfo.InvariantCulture,
        $"to the provider {Percentile(probes.Select(p => p.SecondsToFind), 0.5):F3} s [p95 {Percentile(probes.Select(p => p.SecondsToFind), 0.95):F2}], whole {Percentile(probes.Select(p => p.Seconds), 0.5):F3} s [p95 {Percentile(probes.Select(p => p.Seconds), 0.95):F2}, max {probes.Max(p => p.Seconds):F1}], requests {Percentile(probes.Select(p => (double)p.Query.Asked), 0.5)} [{Percentile(probes.Select(p => (double)p.Query.Asked), 0.95)}]");

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
