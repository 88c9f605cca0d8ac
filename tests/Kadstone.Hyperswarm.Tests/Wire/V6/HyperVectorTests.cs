using System.Text;
using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>hyperdht's keys, signatures and values, as npm hyperdht 6.34 makes them.</summary>
public sealed class HyperVectorTests
{
    private readonly byte[] _buffer = new byte[RpcReader.MaxDatagramLength];

    [Fact]
    public void Namespaces()
    {
        JsonElement dht = HyperVectors.At("namespaces").GetProperty("hyperswarm/dht");
        HyperNamespace.Announce.ToArray().ShouldBe(dht.Hex("ANNOUNCE"));
        HyperNamespace.Unannounce.ToArray().ShouldBe(dht.Hex("UNANNOUNCE"));
        HyperNamespace.MutablePut.ToArray().ShouldBe(dht.Hex("MUTABLE_PUT"));
        HyperNamespace.PeerHandshake.ToArray().ShouldBe(dht.Hex("PEER_HANDSHAKE"));
        HyperNamespace.PeerHolepunch.ToArray().ShouldBe(dht.Hex("PEER_HOLEPUNCH"));
        HyperNamespace.Plugin.ToArray().ShouldBe(dht.Hex("PLUGIN"));

        JsonElement stream = HyperVectors.At("namespaces").GetProperty("hyperswarm/secret-stream");
        HyperNamespace.StreamInitiator.ToArray().ShouldBe(stream.Hex("INITIATOR_0"));
        HyperNamespace.StreamResponder.ToArray().ShouldBe(stream.Hex("RESPONDER_1"));
        HyperNamespace.StreamSend.ToArray().ShouldBe(stream.Hex("SEND_2"));
    }

    [Fact]
    public void Key_pairs_and_their_text()
    {
        foreach (JsonElement item in HyperVectors.List("keyPairs"))
        {
            byte[] publicKey = Ed25519.CreateKeyPair(item.Hex("seed"));
            publicKey.ShouldBe(item.Hex("publicKey"));
            item.SecretKey("seed").ShouldBe(item.Hex("secretKey"));
            HyperHash.Of(publicKey).ShouldBe(item.Key("target"));

            PublicKeyText.ToZBase32(publicKey).ShouldBe(item.Text("z32"));
            byte[] parsed = new byte[32];
            PublicKeyText.TryParse(item.Text("z32"), parsed).ShouldBeTrue();
            parsed.ShouldBe(publicKey);
            parsed = new byte[32];
            PublicKeyText.TryParse(item.Text("publicKey").ToUpperInvariant(), parsed).ShouldBeTrue();
            parsed.ShouldBe(publicKey);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("relays")]
    [InlineData("refreshAndBump")]
    [InlineData("unannounce")]
    public void Announcements(string name)
    {
        JsonElement item = HyperVectors.At("announce/" + name);
        bool isUnannounce = name == "unannounce";
        ReadOnlySpan<byte> purpose = isUnannounce ? HyperNamespace.Unannounce : HyperNamespace.Announce;
        byte[] refresh = item.HexOrNull("refresh") ?? [];
        byte[] publicKey = Ed25519.CreateKeyPair(item.Hex("keyPairSeed"));
        HyperPeer peer = new(publicKey, RpcEndpoints.FromPacked(HyperVectors.Pack(item.Endpoints("relayAddresses"))));
        Written(peer).ShouldBe(item.Hex("peerEncoded"));

        byte[] signable = new byte[HyperSignable.Length];
        HyperSignable.WriteAnnouncement(signable, purpose, item.Key("target"), item.Key("nodeId"), item.Hex("token"), peer, refresh);
        signable.ShouldBe(item.Hex("signable"));

        byte[] signature = new byte[64];
        Ed25519.Sign(signable, item.SecretKey("keyPairSeed"), signature);
        signature.ShouldBe(item.Hex("signature"));

        Written(new Announcement { HasPeer = true, Peer = peer, Refresh = refresh, Signature = signature, Bump = item.Number("bump") }).ShouldBe(item.Hex("value"));

        Announcement.TryRead(item.Hex("value"), out Announcement read).ShouldBeTrue();
        read.HasPeer.ShouldBeTrue();
        read.Peer.PublicKey.ToArray().ShouldBe(publicKey);
        read.Peer.RelayAddresses.Packed.ToArray().ShouldBe(HyperVectors.Pack(item.Endpoints("relayAddresses")));
        read.Refresh.ToArray().ShouldBe(refresh);
        read.Signature.ToArray().ShouldBe(signature);
        read.Bump.ShouldBe(item.Number("bump"));
        read.IsSigned(purpose, item.Key("target"), item.Key("nodeId"), item.Hex("token")).ShouldBeTrue();
        read.IsSigned(isUnannounce ? HyperNamespace.Announce : HyperNamespace.Unannounce, item.Key("target"), item.Key("nodeId"), item.Hex("token")).ShouldBeFalse("signed for another purpose");
        read.IsSigned(purpose, item.Key("nodeId"), item.Key("nodeId"), item.Hex("token")).ShouldBeFalse("signed for another topic");
        read.IsSigned(purpose, item.Key("target"), item.Key("target"), item.Hex("token")).ShouldBeFalse("signed for another node");
        read.IsSigned(purpose, item.Key("target"), item.Key("nodeId"), new byte[32]).ShouldBeFalse("signed under another token");
        read.Bump++;
        read.IsSigned(purpose, item.Key("target"), item.Key("nodeId"), item.Hex("token")).ShouldBeTrue("the bump is not signed");
    }

    [Fact]
    public void A_refresh_without_a_peer()
    {
        JsonElement item = HyperVectors.At("announce/refreshOnly");
        Announcement.TryRead(item.Hex("value"), out Announcement read).ShouldBeTrue();
        read.HasPeer.ShouldBeFalse();
        read.Refresh.ToArray().ShouldBe(item.Hex("refresh"));
        read.IsSigned(HyperNamespace.Announce, default, default, new byte[32]).ShouldBeFalse();
        Written(new Announcement { Refresh = item.Hex("refresh") }).ShouldBe(item.Hex("value"));
    }

    [Fact]
    public void The_announcements_that_were_captured_are_signed_for_who_got_them()
    {
        int count = 0;
        foreach ((string name, JsonElement packet) in HyperVectors.Packets().Where(item => item.Name is "ANNOUNCE" or "UNANNOUNCE"))
        {
            RpcReader.TryRead(packet.Hex("hex"), out RpcMessage message, out _).ShouldBeTrue();
            if (message.Kind == RpcKind.Request)
            {
                Announcement.TryRead(message.Value, out Announcement read).ShouldBeTrue();
                ReadOnlySpan<byte> purpose = name == "ANNOUNCE" ? HyperNamespace.Announce : HyperNamespace.Unannounce;
                read.IsSigned(purpose, message.Target, RpcContact.FromEndpoint(message.To).Id, message.Token).ShouldBeTrue();
                Written(read).ShouldBe(message.Value.ToArray());
                count++;
            }
        }

        count.ShouldBe(4);
    }

    [Fact]
    public void Lookup_answer()
    {
        JsonElement item = HyperVectors.At("lookupReply");
        LookupAnswer.TryRead(item.Hex("hex"), out LookupAnswer answer).ShouldBeTrue();
        answer.HasBump.ShouldBeTrue();
        answer.Bump.ShouldBe(item.Number("bump"));
        JsonElement[] expected = [.. item.GetProperty("peers").EnumerateArray()];
        answer.Peers.Count.ShouldBe(expected.Length);
        int place = 0;
        foreach (HyperPeer peer in answer.Peers)
        {
            peer.PublicKey.ToArray().ShouldBe(expected[place].Hex("publicKey"));
            peer.RelayAddresses.Packed.ToArray().ShouldBe(HyperVectors.Pack(expected[place].Endpoints("relayAddresses")));
            place++;
        }

        place.ShouldBe(expected.Length);
        Written(answer).ShouldBe(item.Hex("hex"));

        byte[] old = item.Hex("hex")[..^1];
        LookupAnswer.TryRead(old, out LookupAnswer withoutBump).ShouldBeTrue();
        withoutBump.HasBump.ShouldBeFalse("old nodes send none");
        Written(withoutBump).ShouldBe(old);
        LookupAnswer.TryRead([.. old, 0xFD], out _).ShouldBeFalse("a bump cut short is no bump");
    }

    [Fact]
    public void Mutable_values()
    {
        foreach (JsonElement item in HyperVectors.List("mutable"))
        {
            byte[] publicKey = Ed25519.CreateKeyPair(item.Hex("keyPairSeed"));
            HyperHash.Of(publicKey).ShouldBe(item.Key("target"));
            byte[] signable = new byte[HyperSignable.Length];
            HyperSignable.WriteMutable(signable, item.Number("seq"), item.Hex("value"));
            signable.ShouldBe(item.Hex("signable"));
            byte[] signature = new byte[64];
            Ed25519.Sign(signable, item.SecretKey("keyPairSeed"), signature);
            signature.ShouldBe(item.Hex("signature"));

            MutableItem made = new(item.Number("seq"), item.Hex("value"), signature);
            Written(made).ShouldBe(item.Hex("getResponse"));
            Written(new MutablePut(publicKey, made)).ShouldBe(item.Hex("putRequest"));

            MutablePut.TryRead(item.Hex("putRequest"), out MutablePut put).ShouldBeTrue();
            put.PublicKey.ToArray().ShouldBe(publicKey);
            put.Item.Sequence.ShouldBe(item.Number("seq"));
            put.Item.Value.ToArray().ShouldBe(item.Hex("value"));
            put.Item.IsSigned(put.PublicKey).ShouldBeTrue();

            MutableItem.TryRead(item.Hex("getResponse"), out MutableItem answer).ShouldBeTrue();
            answer.IsSigned(publicKey).ShouldBeTrue();
            new MutableItem(answer.Sequence + 1, answer.Value, answer.Signature).IsSigned(publicKey).ShouldBeFalse();
            new MutableItem(answer.Sequence, new byte[9000], answer.Signature).IsSigned(publicKey).ShouldBeFalse("longer than a datagram");

            new CompactReader(item.Hex("getRequest")).TryReadUInt(out long least).ShouldBeTrue();
            least.ShouldBe(item.Number("seq"));
        }
    }

    [Fact]
    public void The_longest_mutable_value_has_an_answer_of_1374_bytes()
    {
        RpcContact[] nodes = [.. Enumerable.Range(1, 20).Select(i => RpcContact.FromEndpoint(UdpEndpoint.FromIPv4((uint)i, 80)))];
        RpcWriter writer = RpcWriter.Response(_buffer, 1, nodes[0].Endpoint);
        writer.Id(nodes[0].Id);
        writer.Token(new byte[32]);
        writer.CloserNodes(nodes);
        writer.Value(new MutableItem(CompactReader.MaxUInt, new byte[MutableItem.MaxValueLength], new byte[64]));
        writer.Length.ShouldBe(1374);
    }

    [Fact]
    public void Immutable_values_stand_under_their_hash()
    {
        foreach (JsonElement item in HyperVectors.List("immutable"))
        {
            HyperHash.Of(item.Hex("value")).ShouldBe(item.Key("target"));
        }
    }

    [Fact]
    public void Handshakes()
    {
        foreach (JsonElement item in HyperVectors.List("routerMessages/handshake"))
        {
            HandshakeEnvelope.TryRead(item.Hex("hex"), out HandshakeEnvelope read).ShouldBeTrue();
            ShouldBe(read, item);
            Written(read).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Hole_punching()
    {
        foreach (JsonElement item in HyperVectors.List("routerMessages/holepunch"))
        {
            HolepunchEnvelope.TryRead(item.Hex("hex"), out HolepunchEnvelope read).ShouldBeTrue();
            ShouldBe(read, item);
            Written(read).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Every_hop_of_a_relayed_connection()
    {
        int count = 0;
        foreach ((string name, JsonElement packet) in HyperVectors.Packets().Where(item => item.Packet.TryGetProperty("decodedValue", out _)))
        {
            JsonElement expected = packet.GetProperty("decodedValue");
            byte[] value = packet.GetProperty("fields").Hex("value");
            if (expected.TryGetProperty("noise", out _))
            {
                HandshakeEnvelope.TryRead(value, out HandshakeEnvelope read).ShouldBeTrue(name);
                ShouldBe(read, expected);
                Written(read).ShouldBe(value);
            }
            else
            {
                HolepunchEnvelope.TryRead(value, out HolepunchEnvelope read).ShouldBeTrue(name);
                ShouldBe(read, expected);
                Written(read).ShouldBe(value);
            }

            count++;
        }

        count.ShouldBe(20);
    }

    [Fact]
    public void Plugin_requests()
    {
        foreach (JsonElement item in HyperVectors.List("routerMessages/pluginRequest"))
        {
            PluginRequest.TryRead(item.Hex("hex"), out PluginRequest read).ShouldBeTrue();
            Encoding.UTF8.GetString(read.Name).ShouldBe(item.Text("plugin"));
            read.Version.ShouldBe(item.Number("version"));
            read.Command.ShouldBe(item.Number("command"));
            (read.HasValue ? read.Value.ToArray() : null).ShouldBe(item.HexOrNull("value"));
            Written(read).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Addresses_of_servers()
    {
        byte[][] items = [.. HyperVectors.List("routerMessages/hyperdhtAddress").Select(item => Convert.FromHexString(item.GetString()!))];
        HyperAddress.TryRead(items[0], out HyperAddress plain).ShouldBeTrue();
        plain.PublicKey.ToArray().ShouldBe(HyperVectors.List("keyPairs").First().Hex("publicKey"));
        plain.Nodes.Count.ShouldBe(0);
        Written(plain).ShouldBe(items[0]);

        HyperAddress.TryRead(items[1], out HyperAddress relayed).ShouldBeTrue();
        relayed.Nodes[0].ShouldBe(HyperVectors.Endpoint("1.2.3.4:80"));
        Written(relayed).ShouldBe(items[1]);
    }

    private static void ShouldBe(HandshakeEnvelope read, JsonElement expected)
    {
        read.Mode.ShouldBe((RelayMode)expected.Number("mode"));
        read.Noise.ToArray().ShouldBe(expected.Hex("noise"));
        read.PeerAddress.ShouldBe(expected.EndpointOrNull("peerAddress"));
        read.RelayAddress.ShouldBe(expected.EndpointOrNull("relayAddress"));
    }

    private static void ShouldBe(HolepunchEnvelope read, JsonElement expected)
    {
        read.Mode.ShouldBe((RelayMode)expected.Number("mode"));
        read.Id.ShouldBe(expected.Number("id"));
        read.Payload.ToArray().ShouldBe(expected.Hex("payload"));
        read.PeerAddress.ShouldBe(expected.EndpointOrNull("peerAddress"));
    }

    private byte[] Written<T>(scoped in T value)
        where T : ICompactValue<T>, allows ref struct =>
        _buffer.AsSpan(0, Rewriting.Write(value, _buffer)).ToArray();
}
