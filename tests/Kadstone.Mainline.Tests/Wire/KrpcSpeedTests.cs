using System.Diagnostics;
using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Prints nanoseconds a message; asserts nothing, since a shared machine decides them. Run with KADSTONE_BARS=1 in a Release build.</summary>
public sealed class KrpcSpeedTests(ITestOutputHelper output)
{
    private static readonly Key160 Id = Key160.Read("mnopqrstuvwxyz123456"u8);
    private static readonly UdpEndpoint Requester = UdpEndpoint.FromIPv4(0xCB007109, 5001);
    private static readonly NodeContact[] Contacts =
        [.. Enumerable.Range(1, 8).Select(i => new NodeContact(new Key160((ulong)i, 2, 3), UdpEndpoint.FromIPv4(0x08080800 + (uint)i, 6881)))];

    private static long _sink;

    [Fact]
    public void Messages_are_timed()
    {
        byte[] ping = Encoding.ASCII.GetBytes("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t4:aaaa1:y1:qe");
        byte[] findNode = Encoding.ASCII.GetBytes("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t4:aaaa1:v4:LT011:y1:qe");
        byte[] getPeers = Encoding.ASCII.GetBytes("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t4:aaaa1:v4:LT011:y1:qe");
        byte[] put = AnnotatedHex.Bytes(GoldenPackets.MutablePutQuery);
        byte[] buffer = new byte[2048];
        byte[] answer = buffer.AsSpan(0, WriteNodes(buffer, "aaaa"u8)).ToArray();

        Time("read ping query", () => Read(ping));
        Time("read find_node query", () => Read(findNode));
        Time("read get_peers query", () => Read(getPeers));
        Time("read put query, mutable", () => Read(put));
        Time("read find_node response, 8 nodes", () => Read(answer));
        Time("write find_node response, 8 nodes", () => _sink += WriteNodes(buffer, "aaaa"u8));
        Time("read find_node and write its response", () =>
        {
            KrpcReader.TryRead(findNode, out KrpcMessage message, out _);
            _sink += WriteNodes(buffer, message.Transaction);
        });
        Time("write find_node query", () =>
        {
            KrpcWriter writer = new(buffer);
            writer.BeginQuery(Id);
            writer.Key("6:target"u8, Id);
            writer.EndQuery("find_node"u8, false, "aaaa"u8, "KS01"u8);
            _sink += writer.Length;
        });
        Time("write error", () => _sink += KrpcWriter.WriteError(buffer, Requester, 203, "invalid token"u8, "aaaa"u8, "KS01"u8));
    }

    private static void Read(byte[] packet)
    {
        KrpcReader.TryRead(packet, out KrpcMessage message, out _);
        _sink += message.Port + (long)message.Id.High;
    }

    private static int WriteNodes(Span<byte> buffer, ReadOnlySpan<byte> transaction)
    {
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Id, Requester);
        writer.Nodes(Contacts, ipv4: true);
        writer.EndResponse(transaction, "KS01"u8);
        return writer.Length;
    }

    // The best of several rounds: what the code takes when nobody else has the processor.
    private void Time(string what, Action action)
    {
        int rounds = HostileBytes.Count > 100_000 ? 60 : 1;
        double best = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 20_000; i++)
            {
                action();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / 20_000);
        }

        output.WriteLine($"{what}: {best:0} ns");
    }
}
