using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Peers;

namespace Kadstone.Bench;

/// <summary>What a stored peer costs: one peer under each of many infohashes, and many under few.</summary>
/// <remarks>Heap bytes before and after, the way the bar is defined. The idle node is measured as a process, by bench/run-mainline.</remarks>
internal static class MemoryBench
{
    internal sealed record MemoryFigures(int InfoHashes, int Peers, double BytesPerPeer);

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "peers");
        int peers = arguments.Number("peers", byDefault: 1_000_000, atMost: 10_000_000);
        Report.Write(Store(infoHashes: peers, peers));
        Report.Write(Store(infoHashes: 100, 100_000));
        return 0;
    }

    private static MemoryFigures Store(int infoHashes, int peers)
    {
        Random chance = new(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        PeerTable table = new(new PeerTableOptions { MaxKeys = int.MaxValue / 4, MaxPeers = int.MaxValue / 4 }.WithoutDiversity(), chance, default);
        Instant now = new(TimeSpan.TicksPerDay);
        for (int i = 0; i < peers; i++)
        {
            Key160 infoHash = new((ulong)(i % infoHashes) * 0x9E3779B97F4A7C15, 1, 1);
            table.Announce(infoHash, UdpEndpoint.FromIPv4(0x0B000000u + (uint)i, 6881), isSeed: false, now);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        MemoryFigures figures = new(table.KeyCount, table.PeerCount, (double)(after - before) / peers);
        GC.KeepAlive(table);
        return figures;
    }
}
