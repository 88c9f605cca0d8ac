using System.Text.Json;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

public sealed class NoiseTests
{
    private static readonly JsonElement s_vector = LibP2pVectors.At("noise");
    private static readonly string[] s_yamux = ["/yamux/1.0.0"];

    private readonly ByteQueue _toResponder = new();
    private readonly ByteQueue _toInitiator = new();
    private readonly NoiseHandshake _initiator = Side("nitiator", true, PeerId.Parse(s_vector.Text("identityResponder")));
    private readonly NoiseHandshake _responder = Side("esponder", false, null);

    [Fact]
    public void Every_message_is_that_of_the_vectors()
    {
        _initiator.Advance(_toInitiator, _toResponder);
        _toResponder.Span.ToArray().ShouldBe(s_vector.Hex("framed1"));
        _responder.Advance(_toResponder, _toInitiator);
        _toInitiator.Span.ToArray().ShouldBe(s_vector.Hex("framed2"));
        _initiator.Advance(_toInitiator, _toResponder);
        _toResponder.Span.ToArray().ShouldBe(s_vector.Hex("framed3"));
        _responder.Advance(_toResponder, _toInitiator);

        (_initiator.IsOver, _responder.IsOver).ShouldBe((true, true));
        _initiator.HandshakeHash.ToArray().ShouldBe(s_vector.Hex("handshakeHash"));
        _responder.HandshakeHash.ToArray().ShouldBe(s_vector.Hex("handshakeHash"));
        _responder.Remote!.Key.PeerId.ToString().ShouldBe(s_vector.Text("identityInitiator"));
        _responder.Remote.Muxers.ShouldBe(s_yamux);
        (NoiseCipher fromInitiator, NoiseCipher toInitiator) = _initiator.Split();
        (NoiseCipher fromResponder, NoiseCipher toResponder) = _responder.Split();
        foreach (JsonElement item in s_vector.GetProperty("transport").EnumerateArray())
        {
            bool isInitiators = item.Text("from") == "initiator";
            byte[] plaintext = item.Hex("plaintext");
            byte[] sealedBytes = new byte[plaintext.Length + NoiseCipher.TagLength];
            (isInitiators ? fromInitiator : fromResponder).Encrypt(plaintext, default, sealedBytes);
            sealedBytes.ShouldBe(item.Hex("ciphertext"));
            byte[] opened = new byte[plaintext.Length];
            (isInitiators ? toResponder : toInitiator).TryDecrypt(sealedBytes, default, opened).ShouldBeTrue();
            opened.ShouldBe(plaintext);
        }
    }

    [Fact]
    public void Any_bent_byte_of_any_message_ends_the_handshake()
    {
        byte[][] messages = [s_vector.Hex("framed1"), s_vector.Hex("framed2"), s_vector.Hex("framed3")];
        for (int message = 1; message < 3; message++)
        {
            for (int at = 2; at < messages[message].Length; at++)
            {
                byte[] bent = [.. messages[message]];
                // The highest bit of a curve point means nothing, but it is hashed.
                bent[at] ^= 0x80;
                ByteQueue input = new();
                ByteQueue output = new();
                using NoiseHandshake side = message == 1 ? Side("nitiator", true, null) : Side("esponder", false, null);
                input.Append(message == 1 ? [] : messages[0]);
                side.Advance(input, output);
                input.Append(bent);
                side.Advance(input, output);
                side.Failure.ShouldNotBeNull($"message {message + 1}, byte {at}");
                side.IsOver.ShouldBeFalse();
            }
        }
    }

    [Fact]
    public void Another_peer_than_the_one_dialed_is_left()
    {
        using NoiseHandshake initiator = Side("nitiator", true, PeerId.Parse(s_vector.Text("identityInitiator")));
        initiator.Advance(_toInitiator, _toResponder);
        _responder.Advance(_toResponder, _toInitiator);
        initiator.Advance(_toInitiator, _toResponder);
        initiator.Failure.ShouldBe(ConnectionEnd.AnotherPeer);
        _toResponder.Length.ShouldBe(0, "we do not tell it who we are");
    }

    [Fact]
    public void A_signature_over_another_static_key_proves_nothing()
    {
        // The liar shows the victim's payload, which is no secret, with a static key of its own.
        PrivateKey victim = PrivateKey.FromSeed(new byte[32]);
        byte[] other = new byte[32];
        other[0] = 8;
        NoiseIdentity honest = new(victim, new byte[32], s_yamux);
        NoisePayload.TryRead(honest.Payload, out NoisePayload? payload).ShouldBeTrue();
        payload.IsSigned(honest.StaticPublicKey).ShouldBeTrue();
        payload.IsSigned(new NoiseIdentity(victim, other, s_yamux).StaticPublicKey).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("0021")]
    [InlineData("001f")]
    public void A_first_message_of_another_length_is_refused(string hex)
    {
        byte[] bytes = new byte[35];
        Convert.FromHexString(hex).CopyTo(bytes, 0);
        _toResponder.Append(bytes);
        _responder.Advance(_toResponder, _toInitiator);
        _responder.Failure.ShouldBe(ConnectionEnd.Malformed);
    }

    [Fact]
    public void A_message_longer_than_any_honest_one_is_not_waited_for()
    {
        _toResponder.Append([0x10, 0x01]);
        _responder.Advance(_toResponder, _toInitiator);
        _responder.Failure.ShouldBe(ConnectionEnd.Malformed);
    }

    [Fact]
    public void A_point_of_small_order_is_refused()
    {
        _toResponder.Append([0, 32, .. new byte[32]]);
        _responder.Advance(_toResponder, _toInitiator);
        _responder.Failure.ShouldBe(ConnectionEnd.Malformed);
    }

    private static NoiseHandshake Side(string role, bool isInitiator, PeerId? expected)
    {
        string own = s_vector.Text(isInitiator ? "identityInitiator" : "identityResponder");
        PrivateKey identity = LibP2pVectors.List("keys").Select(item => PrivateKey.TryRead(item.Hex("privateKeyProtobuf"), out PrivateKey? key) ? key : null)
            .First(key => key?.PeerId.ToString() == own)!;
        string name = (isInitiator ? "i" : "r") + role;
        NoiseIdentity noise = new(identity, s_vector.GetProperty(name + "Static").Hex("private"), s_yamux);
        noise.Payload.ToArray().ShouldBe(s_vector.Hex(isInitiator ? "payloadInitiator" : "payloadResponder"));
        return new NoiseHandshake(noise, isInitiator, expected, s_vector.GetProperty(name + "Ephemeral").Hex("private"));
    }
}
