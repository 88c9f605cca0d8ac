namespace Kadstone.Bench;

/// <summary>Resident memory of an idle node, and what each stored peer adds.</summary>
internal static class MemoryBench
{
    internal sealed record MemoryFigures(long IdleBytes, int Peers, long BytesWithPeers, double BytesPerPeer);

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "peers");
        Report.Write(Store(arguments.Number("peers", byDefault: 1_000_000, atMost: 100_000_000)));
        return 0;
    }

    /// <summary>Starts a node, reads <see cref="Report.ResidentBytes"/>, stores the peers, collects, reads it again.</summary>
    private static MemoryFigures Store(int peers) =>
        throw new NotBuiltYetException($"a peer table to store {peers} peers in");
}
