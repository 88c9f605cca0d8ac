using FsCheck;
using FsCheck.Fluent;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>The values of hyperdht 1's one command, by hand.</summary>
public sealed class Gen1PeersTests
{
    [Fact]
    public void Any_request_is_read_as_it_was_written() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(bool Announce, ushort Port, uint? Local, ushort LocalPort)>(),
        request =>
        {
            UdpEndpoint? local = request.Local is { } address ? UdpEndpoint.FromIPv4(address, request.LocalPort) : null;
            Gen1PeersRequest written = new(request.Announce ? Gen1PeersType.Announce : Gen1PeersType.Unannounce, request.Port, local);
            byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
            return Gen1PeersRequest.TryRead(buffer.AsSpan(0, written.Write(buffer)), out Gen1PeersRequest read, out _) && read == written;
        }));

    [Theory]
    [InlineData("", Gen1Malformed.NoPeersType)]
    [InlineData("1001", Gen1Malformed.NoPeersType)]
    [InlineData("0801 10ffff03", Gen1Malformed.None)]
    [InlineData("0801 10808004", Gen1Malformed.BadPort)]
    [InlineData("0801 10ffffffffffffffffff01", Gen1Malformed.BadPort)]
    [InlineData("0a01 01", Gen1Malformed.WrongWireType)]
    [InlineData("0801 1201 01", Gen1Malformed.WrongWireType)]
    [InlineData("0801 1806", Gen1Malformed.WrongWireType)]
    [InlineData("0801 1a07 7f0000011770", Gen1Malformed.NotProtobuf)]
    [InlineData("08", Gen1Malformed.NotProtobuf)]
    public void A_request_is_judged(string hex, object expected)
    {
        Gen1PeersRequest.TryRead(Gen1Packet.Bytes(hex), out _, out Gen1Malformed why).ShouldBe(why == Gen1Malformed.None);
        why.ShouldBe(expected);
    }

    [Theory]
    [InlineData("0800", Gen1PeersType.Lookup)]
    [InlineData("0801", Gen1PeersType.Announce)]
    [InlineData("0802", Gen1PeersType.Unannounce)]
    [InlineData("0803", Gen1PeersType.Unknown)]
    [InlineData("08ffffffffffffffffff01", Gen1PeersType.Unknown)]
    [InlineData("0801 7a03616263 0802", Gen1PeersType.Unannounce)]
    public void A_request_has_a_type(string hex, object type)
    {
        Gen1PeersRequest.TryRead(Gen1Packet.Bytes(hex), out Gen1PeersRequest request, out _).ShouldBeTrue();
        request.ShouldBe(new Gen1PeersRequest((Gen1PeersType)type, 0, null));
    }

    [Theory]
    [InlineData("0800 1a06 c0a80102 1388", "192.168.1.2:5000")]
    [InlineData("0800 1a06 c0a80102 0000", "192.168.1.2:0")] // hyperdht looks up with port 0 if it has none
    [InlineData("0800 1a05 c0a80102 13", null)]
    [InlineData("0800 1a00", null)]
    [InlineData("0800 1a12 c0a801021388 c0a801021388 c0a801021388", null)] // would be a compact IPv6 endpoint
    public void A_local_address_has_6_bytes_or_is_none(string hex, string? expected)
    {
        Gen1PeersRequest.TryRead(Gen1Packet.Bytes(hex), out Gen1PeersRequest request, out _).ShouldBeTrue();
        request.LocalAddress?.ToString().ShouldBe(expected);
    }

    [Fact]
    public void A_request_that_does_not_fit_is_not_written()
    {
        Gen1PeersRequest request = new(Gen1PeersType.Announce, ushort.MaxValue, Gen1Packet.Endpoint("192.168.1.2:5000"));
        byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
        request.Write(buffer).ShouldBe(buffer.Length);
        for (int capacity = 0; capacity < buffer.Length; capacity++)
        {
            request.Write(buffer.AsSpan(0, capacity)).ShouldBe(0);
        }
    }

    [Fact]
    public void A_response_lists_peers_without_the_portless_and_the_incomplete()
    {
        Gen1PeersResponse.TryRead(Gen1Packet.Bytes("0a0e 7f0000011770 7f0000010000 7f00 1209 01021388 01030000 05"), out Gen1PeersResponse response, out _).ShouldBeTrue();
        Gen1Packet.List(response.Peers).ShouldBe(["127.0.0.1:6000"]);
        Gen1Packet.List(response.LocalPeers(Gen1Packet.Endpoint("10.7.9.9:1"))).ShouldBe(["10.7.1.2:5000"]);
    }

    [Fact]
    public void A_response_without_a_list_of_peers_tells_so()
    {
        Gen1PeersResponse.TryRead([], out Gen1PeersResponse nothing, out _).ShouldBeTrue();
        nothing.HasPeers.ShouldBeFalse();
        Gen1Packet.List(nothing.Peers).ShouldBeEmpty();
        Gen1PeersResponse.TryRead(Gen1Packet.Bytes("0a00"), out Gen1PeersResponse none, out _).ShouldBeTrue();
        none.HasPeers.ShouldBeTrue();
        Gen1Packet.List(default(Gen1Peers)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0801", Gen1Malformed.WrongWireType)]
    [InlineData("1001", Gen1Malformed.WrongWireType)]
    [InlineData("0a06 7f000001", Gen1Malformed.NotProtobuf)]
    public void A_response_is_judged(string hex, object expected)
    {
        Gen1PeersResponse.TryRead(Gen1Packet.Bytes(hex), out _, out Gen1Malformed why).ShouldBeFalse();
        why.ShouldBe(expected);
    }

    [Fact]
    public void A_full_response_fits_one_packet_and_a_longer_one_is_not_written()
    {
        byte[] peers = new byte[Gen1PeersResponse.FullLength];
        byte[] buffer = new byte[1024];
        int length = Gen1PeersResponse.Write(buffer, peers, new byte[4]);
        length.ShouldBe(3 + peers.Length + 2 + 4);
        Gen1PeersResponse.Write(buffer.AsSpan(0, length - 1), peers, new byte[4]).ShouldBe(0);
    }
}
