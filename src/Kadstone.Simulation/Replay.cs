namespace Kadstone.Simulation;

/// <summary>Runs a scenario for seeds, and twice, to hold it to its promise that equal seeds give equal traces.</summary>
public static class Replay
{
    /// <summary>Runs a scenario twice with one seed and compares the traces.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="scenario">Makes a network with the seed, runs it and returns it.</param>
    /// <returns>The network of the second run.</returns>
    /// <exception cref="SimulationFailedException">The traces differ: something in the scenario depends on more than the seed.</exception>
    public static SimulatedNetwork Twice(int seed, Func<int, SimulatedNetwork> scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        SimulatedNetwork first = scenario(seed);
        SimulatedNetwork second = scenario(seed);
        return first.TraceHash == second.TraceHash
            ? second
            : throw new SimulationFailedException($"Two runs of one seed differ: {first.Describe()} and {second.Describe()}.");
    }
}
