using System.Diagnostics;
using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Prints nanoseconds a message; asserts nothing, since a shared machine decides them. Run with KADSTONE_BARS=1 in a Release build.</summary>
public sealed class RpcSpeedTests(ITestOutputHelper output)
{
    private static long _sink;

    [Fact]
    public void Messages_are_timed()
    {
        CommonPackets packets = new();
        UdpEndpoint requester = HyperVectors.Endpoint("1.2.3.4:5");
        RpcTokens tokens = new(new Random(1), default);
        byte[] token = new byte[32];
        tokens.Write(requester, default, token);
        JsonElement item = HyperVectors.At("announce/relays");
        byte[] announce = item.Hex("value");
        byte[] announceToken = item.Hex("token");
        Key256 target = item.Key("target");
        Key256 node = item.Key("nodeId");

        Time("read PING request", () => _sink += CommonPackets.Read(packets.PingRequest));
        Time("read FIND_NODE request", () => _sink += CommonPackets.Read(packets.FindNodeRequest));
        Time("read FIND_NODE response, 20 nodes", () => _sink += CommonPackets.Read(packets.FindNodeResponse));
        Time("read LOOKUP response and its 20 peers", () => _sink += CommonPackets.ReadLookupAnswer(packets.LookupResponse));
        Time("read PING response and check its id", () => _sink += CommonPackets.ReadSender(packets.PingResponse) ? 1 : 0);
        Time("write PING request", () => _sink += packets.WritePing());
        Time("write PING response", () => _sink += packets.WritePong());
        Time("write FIND_NODE request", () => _sink += packets.WriteFindNode());
        Time("write FIND_NODE response, 20 nodes", () => _sink += packets.WriteNodes());
        Time("write LOOKUP response, 20 nodes, 20 peers", () => _sink += packets.WriteLookupAnswer());
        Time("contact of an endpoint", () => _sink += (long)RpcContact.FromEndpoint(requester).Id.Low);
        Time("write token", () => tokens.Write(requester, default, token));
        Time("check token", () => _sink += tokens.IsValid(requester, default, token) ? 1 : 0);
        Time("read ANNOUNCE value", () => _sink += Announcement.TryRead(announce, out Announcement read) ? read.Peer.RelayAddresses.Count : 0);
        Time("verify ANNOUNCE", 200, () =>
        {
            Announcement.TryRead(announce, out Announcement read);
            _sink += read.IsSigned(HyperNamespace.Announce, target, node, announceToken) ? 1 : 0;
        });
    }

    private void Time(string what, Action action) => Time(what, 20_000, action);

    // The best of several rounds: what the code takes when nobody else has the processor.
    private void Time(string what, int times, Action action)
    {
        int rounds = HostileBytes.Count > 100_000 ? 60 : 1;
        double best = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++)
            {
                action();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / times);
        }

        output.WriteLine($"{what}: {best:0} ns");
    }
}
