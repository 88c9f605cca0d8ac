namespace Kadstone.Bench;

/// <summary>The client side of bench/run-lookup: one client for all targets, then a fresh one for each infohash.</summary>
internal static class LookupBench
{
    /// <param name="Bootstrap">HOST:PORT of a node of the network.</param>
    /// <param name="Rtt">Milliseconds that the network's answers are delayed.</param>
    /// <param name="Targets">Random infohashes in hex: nobody announced them.</param>
    /// <param name="Infohashes">Announced infohashes in hex.</param>
    internal sealed record LookupTask(string Bootstrap, int Rtt, IReadOnlyList<string> Targets, IReadOnlyList<string> Infohashes);

    /// <param name="Kind">"closest" for a target, "peers" for an announced infohash.</param>
    /// <param name="Requests">get_peers sent, repeats included.</param>
    /// <param name="Answered">Ids in hex of the nodes whose answer came before the lookup ended.</param>
    /// <param name="Milliseconds">From the call to the end of the lookup.</param>
    /// <param name="FirstPeerMilliseconds">From the call to the first peer; null when there was none.</param>
    /// <param name="Peers">Distinct peers found.</param>
    internal sealed record LookupFigures(string Kind, string Target, int Requests, IReadOnlyList<string> Answered, double Milliseconds, double? FirstPeerMilliseconds, int Peers);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 1);
        LookupTask task = Report.Read<LookupTask>(arguments.Operands[0]);
        await foreach (LookupFigures figures in LookUpAsync(task))
        {
            Report.Write(figures);
        }
        return 0;
    }

    /// <summary>Bootstraps before the clock starts; private addresses allowed, diversity limits off, a port of the kernel's choice.</summary>
    private static IAsyncEnumerable<LookupFigures> LookUpAsync(LookupTask task) =>
        throw new NotBuiltYetException($"a Mainline client to look {task.Targets.Count} targets up with");
}
