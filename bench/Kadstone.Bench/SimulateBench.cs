namespace Kadstone.Bench;

/// <summary>A whole network in virtual time: how long the machine takes for it, and what its lookups cost.</summary>
internal static class SimulateBench
{
    internal sealed record SimulateFigures(int Nodes, int Lookups, int Seed, double Seconds, long Datagrams, double DatagramsPerSecond, double RequestsMedian, double ClosestAnsweredMean, long ResidentBytes);

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "nodes", "lookups", "seed");
        int nodes = arguments.Number("nodes", byDefault: 10_000, atMost: 1_000_000);
        int lookups = arguments.Number("lookups", byDefault: 1_000, atMost: 1_000_000);
        Report.Write(Simulate(nodes, lookups, arguments.Number("seed", byDefault: 1, atMost: int.MaxValue)));
        return 0;
    }

    private static SimulateFigures Simulate(int nodes, int lookups, int seed) =>
        throw new NotBuiltYetException($"a simulated world of {nodes} nodes with {lookups} lookups, seed {seed}");
}
