using System.Text.Json;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Reading and writing any message allocates nothing.</summary>
public sealed class AllocationTests
{
    private readonly CommonPackets _packets = new();

    [Fact]
    public void The_common_packets_are_what_they_are_called()
    {
        _packets.PingRequest.Length.ShouldBe(43);
        _packets.FindNodeRequest.Length.ShouldBe(75);
        _packets.FindNodeResponse.Length.ShouldBe(163);
        _packets.LookupResponse.Length.ShouldBe(10 + 64 + 121 + 3 + 1 + (20 * 39) + 9);
        CommonPackets.Read(_packets.PingRequest).ShouldBe(1);
        CommonPackets.ReadLookupAnswer(_packets.LookupResponse).ShouldBe(20);
        CommonPackets.ReadSender(_packets.PingResponse).ShouldBeTrue();
    }

    [Fact]
    public void A_ping() => Allocated(() =>
    {
        _packets.WritePing();
        _packets.WritePong();
        CommonPackets.Read(_packets.PingRequest);
        CommonPackets.ReadSender(_packets.PingResponse);
    }).ShouldBe(0);

    [Fact]
    public void A_find_node() => Allocated(() =>
    {
        _packets.WriteFindNode();
        _packets.WriteNodes();
        CommonPackets.Read(_packets.FindNodeRequest);
        CommonPackets.Read(_packets.FindNodeResponse);
    }).ShouldBe(0);

    [Fact]
    public void A_lookup_answer() => Allocated(() =>
    {
        _packets.WriteLookupAnswer();
        CommonPackets.ReadLookupAnswer(_packets.LookupResponse);
    }).ShouldBe(0);

    [Fact]
    public void A_token()
    {
        RpcTokens tokens = new(new Random(1), default);
        byte[] token = new byte[32];
        Datagrams.UdpEndpoint requester = HyperVectors.Endpoint("1.2.3.4:5");
        Allocated(() =>
        {
            tokens.Write(requester, default, token);
            tokens.IsValid(requester, new Instant(TimeSpan.TicksPerHour), token);
        }).ShouldBe(0);
    }

    [Fact]
    public void A_signature()
    {
        JsonElement item = HyperVectors.At("announce/relays");
        byte[] value = item.Hex("value");
        byte[] token = item.Hex("token");
        Key256 target = item.Key("target");
        Key256 node = item.Key("nodeId");
        byte[] put = HyperVectors.List("mutable").First().Hex("putRequest");
        Allocated(() =>
        {
            Announcement.TryRead(value, out Announcement announcement);
            announcement.IsSigned(HyperNamespace.Announce, target, node, token);
            MutablePut.TryRead(put, out MutablePut mutable);
            mutable.Item.IsSigned(mutable.PublicKey);
        }).ShouldBe(0);
    }

    private static long Allocated(Action action) => Allocations.Least(action, times: 20);
}
