using System.Buffers.Binary;
using System.Net;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Bench;

/// <summary>The server side of bench/run-ipfs: a serving node on loopback, without limits by host, until it is told to end. It speaks /perf/1.0.0 too.</summary>
internal static class IpfsNode
{
    private const string PerfProtocol = "/perf/1.0.0";

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "port");
        int port = arguments.Number("port", byDefault: Libp2pOptions.DefaultPort, atMost: 65_535);
        IpfsOptions options = new()
        {
            Host = new Libp2pOptions
            {
                Listen = [Multiaddr.FromTcp(IPAddress.Loopback, port)],
                Limits = HostLimits.OneMachine,
            },
            Scope = KadScope.Lan,
            Mode = KadMode.Server,
        };
        await using IpfsDht dht = await IpfsDht.CreateAsync(options);
        using IDisposable perf = dht.Host.Accept(PerfProtocol, PerfAsync);
        await dht.Ready;
        Console.WriteLine($"address {dht.Host.ListenAddresses[0]}/p2p/{dht.LocalPeer}");
        Console.WriteLine("ready");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    /// <summary>libp2p "perf": eight bytes say how many are wanted; all that comes is taken until its end, then so many are given.</summary>
    private static async Task PerfAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        stream.ContinuesInline = true;
        byte[] buffer = new byte[64 * 1024];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, sizeof(ulong)), cancellationToken);
        ulong wanted = BinaryPrimitives.ReadUInt64BigEndian(buffer);
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }

        while (wanted > 0)
        {
            int count = (int)Math.Min(wanted, (ulong)buffer.Length);
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            wanted -= (ulong)count;
        }

        await stream.CloseWriteAsync();
    }
}
