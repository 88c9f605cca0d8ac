using System.Text;
using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Captured packets of npm dht-rpc 2.3.0 and hyperdht 1.3.0: read as those read them, and written again byte for byte.</summary>
public sealed class Gen1VectorTests
{
    [Fact]
    public void The_file_holds_every_packet_that_the_generation_sends() => Gen1Vectors.Packets.Count.ShouldBe(16);

    [Theory]
    [MemberData(nameof(Gen1Vectors.Names), MemberType = typeof(Gen1Vectors))]
    public void A_packet_is_read_as_the_real_packages_read_it(string name)
    {
        JsonElement packet = Gen1Vectors.Packets[name];
        Gen1Reader.TryRead(packet.Bytes(), out Gen1Message message, out Gen1Malformed why).ShouldBeTrue(why.ToString());

        JsonElement fields = packet.GetProperty("fields");
        message.Kind.ShouldBe(fields.GetProperty("kind").GetString() == "request" ? Gen1Kind.Request : Gen1Kind.Response);
        message.Transaction.ShouldBe(fields.GetProperty("tid").GetUInt16());
        Encoding.UTF8.GetString(message.CommandName).ShouldBe(packet.Field("command") ?? "");
        message.Command.ShouldBe(packet.Field("command") switch { "_ping" => Gen1Command.Ping, "_find_node" => Gen1Command.FindNode, _ => Gen1Command.Custom });
        (message.HasId ? message.Id.ToString() : null).ShouldBe(packet.Field("id"));
        (message.HasTarget ? message.Target.ToString() : null).ShouldBe(packet.Field("target"));
        Compact(message.ForwardRequest).ShouldBe(packet.Field("forwardRequest"));
        Compact(message.ForwardResponse).ShouldBe(packet.Field("forwardResponse"));
        (message.HasToken ? Convert.ToHexStringLower(message.Token) : null).ShouldBe(packet.Field("roundtripToken"));
        (message.HasValue ? Convert.ToHexStringLower(message.Value) : null).ShouldBe(packet.Field("value"));

        StringBuilder nodes = new();
        byte[] entry = new byte[Gen1Contact.CompactLength];
        foreach (Gen1Contact contact in message.Nodes)
        {
            contact.Write(entry).ShouldBe(entry.Length);
            nodes.Append(Convert.ToHexStringLower(entry));
        }

        nodes.ToString().ShouldBe(packet.Field("nodes") ?? "");
    }

    [Theory]
    [MemberData(nameof(Gen1Vectors.Names), MemberType = typeof(Gen1Vectors))]
    public void A_packet_is_written_again_byte_for_byte(string name)
    {
        byte[] packet = Gen1Vectors.Bytes(name);
        Gen1Reader.TryRead(packet, out Gen1Message message, out _).ShouldBeTrue();
        byte[] buffer = new byte[2048];
        int length = Gen1Rewriting.Write(buffer, message, Gen1Vectors.Packets[name].Field("nodes") is not null, new Gen1Contact[Gen1Rewriting.MostNodes]);
        Convert.ToHexStringLower(buffer.AsSpan(0, length)).ShouldBe(Convert.ToHexStringLower(packet));
    }

    [Theory]
    [InlineData("announceQueryPhase/request", Gen1PeersType.Announce, 12345, "192.168.1.2:5000")]
    [InlineData("announceUpdatePhase/request", Gen1PeersType.Announce, 12345, "192.168.1.2:5000")]
    [InlineData("lookupPair/request", Gen1PeersType.Lookup, 0, "192.168.9.9:6000")]
    [InlineData("unannounce/request", Gen1PeersType.Unannounce, 12345, null)]
    public void The_value_of_a_peers_request_is_read_and_written(string name, object type, int port, string? localAddress)
    {
        byte[] value = Convert.FromHexString(Gen1Vectors.Packets[name].Field("value")!);
        Gen1PeersRequest.TryRead(value, out Gen1PeersRequest request, out Gen1Malformed why).ShouldBeTrue(why.ToString());
        request.ShouldBe(new Gen1PeersRequest((Gen1PeersType)type, (ushort)port, localAddress is null ? null : Gen1Packet.Endpoint(localAddress)));

        byte[] buffer = new byte[Gen1PeersRequest.MaxLength];
        buffer.AsSpan(0, request.Write(buffer)).ToArray().ShouldBe(value);
    }

    [Fact]
    public void The_value_of_a_peers_response_is_read_and_written()
    {
        byte[] value = Convert.FromHexString(Gen1Vectors.Packets["lookup"].Field("value")!);
        Gen1PeersResponse.TryRead(value, out Gen1PeersResponse response, out Gen1Malformed why).ShouldBeTrue(why.ToString());
        response.HasPeers.ShouldBeTrue();
        Gen1Packet.List(response.Peers).ShouldBe(["127.0.0.1:12345"]);
        Gen1Packet.List(response.LocalPeers(Gen1Packet.Endpoint("192.168.9.9:6000"))).ShouldBe(["192.168.1.2:5000"]);

        byte[] buffer = new byte[64];
        int length = Gen1PeersResponse.Write(buffer, Convert.FromHexString("7f0000013039"), Convert.FromHexString("01021388"));
        buffer.AsSpan(0, length).ToArray().ShouldBe(value);
    }

    [Fact]
    public void A_pong_tells_the_requesters_endpoint()
    {
        Gen1Reader.TryRead(Gen1Vectors.Bytes("ping/response"), out Gen1Message message, out _).ShouldBeTrue();
        Gen1Reader.TryReadEndpoint(message.Value, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(Gen1Packet.Endpoint($"127.0.0.1:{Gen1Vectors.Port("A")}"));
    }

    [Fact]
    public void A_punch_goes_over_the_referrer_under_one_transaction()
    {
        // A asks the referrer to forward to B; the referrer tells B of A; B answers A.
        UdpEndpoint a = Gen1Packet.Endpoint($"127.0.0.1:{Gen1Vectors.Port("A")}");
        UdpEndpoint b = Gen1Packet.Endpoint($"127.0.0.1:{Gen1Vectors.Port("B")}");
        Gen1Reader.TryRead(Gen1Vectors.Bytes("holepunchHops/0"), out Gen1Message toReferrer, out _).ShouldBeTrue();
        Gen1Reader.TryRead(Gen1Vectors.Bytes("holepunchHops/1"), out Gen1Message toB, out _).ShouldBeTrue();
        Gen1Reader.TryRead(Gen1Vectors.Bytes("holepunchHops/2"), out Gen1Message toA, out _).ShouldBeTrue();

        toReferrer.ForwardRequest.ShouldBe(b);
        toReferrer.ForwardResponse.ShouldBeNull();
        toB.ForwardRequest.ShouldBeNull();
        toB.ForwardResponse.ShouldBe(a);
        toB.Id.ShouldBe(toReferrer.Id);
        toA.Kind.ShouldBe(Gen1Kind.Response);
        toB.Transaction.ShouldBe(toReferrer.Transaction);
        toA.Transaction.ShouldBe(toReferrer.Transaction);
        Gen1Reader.TryReadEndpoint(toA.Value, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(a);
    }

    private static string? Compact(UdpEndpoint? endpoint)
    {
        if (endpoint is not { } some)
        {
            return null;
        }

        byte[] bytes = new byte[6];
        some.WriteCompact(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
