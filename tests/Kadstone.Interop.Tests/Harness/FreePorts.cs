using System.Net;
using System.Net.Sockets;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Ports of 127.0.0.1 that are free for UDP and TCP alike, none given twice by this process.</summary>
internal static class FreePorts
{
    // Below the range from which the kernel picks, so that no passing socket takes one between the look and the use.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int s_next = Random.Shared.Next(Count);

    public static int Next()
    {
        for (int attempt = 0; attempt < Count; attempt++)
        {
            int port = First + ((Interlocked.Increment(ref s_next) & int.MaxValue) % Count);
            if (IsFree(port, SocketType.Dgram, ProtocolType.Udp) && IsFree(port, SocketType.Stream, ProtocolType.Tcp))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no port from {First} to {First + Count - 1} is free");
    }

    public static int[] Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private static bool IsFree(int port, SocketType type, ProtocolType protocol)
    {
        using Socket socket = new(AddressFamily.InterNetwork, type, protocol);
        try
        {
            // Any, not Loopback: dht.js binds every address.
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
