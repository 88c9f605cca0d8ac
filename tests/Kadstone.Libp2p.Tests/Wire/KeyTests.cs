using System.Text;
using System.Text.Json;

namespace Kadstone.Libp2p.Tests.Wire;

public sealed class KeyTests
{
    public static TheoryData<string> Names => [.. LibP2pVectors.List("keys").Select(item => item.Text("name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_public_key_is_its_peer_in_every_text(string name)
    {
        JsonElement item = LibP2pVectors.Named("keys", name);
        PublicKey.TryRead(item.Hex("publicKeyProtobuf"), out PublicKey? key).ShouldBeTrue();
        key.Encoded.ToArray().ShouldBe(item.Hex("publicKeyProtobuf"));
        key.Type.ToString().ToUpperInvariant().ShouldBe(item.Text("type").ToUpperInvariant());
        PeerId peer = key.PeerId;
        peer.Bytes.ToArray().ShouldBe(item.Hex("multihash"));
        peer.ToString().ShouldBe(item.Text("base58"));
        peer.ToCid().ToString().ShouldBe(item.Text("cidBase32"));
        peer.ToCid().ToString(MultibaseEncoding.Base36).ShouldBe(item.Text("cidBase36"));
        new[] { "base58", "cidBase32", "cidBase36" }.Select(text => PeerId.Parse(item.Text(text))).ShouldAllBe(read => read == peer);
        peer.TryGetPublicKey(out PublicKey? inlined).ShouldBe(item.Text("hash") == "identity");
        (inlined ?? key).ShouldBe(key);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_signature_holds_for_its_message_only(string name)
    {
        JsonElement item = LibP2pVectors.Named("keys", name);
        if (!item.Has("signature"))
        {
            return;
        }

        PublicKey.TryRead(item.Hex("publicKeyProtobuf"), out PublicKey? key).ShouldBeTrue();
        byte[] message = item.Hex("signedMessage");
        byte[] signature = item.Hex("signature");
        key.Verify(message, signature).ShouldBeTrue();
        key.Verify([.. message, 0], signature).ShouldBeFalse();
        for (int i = 0; i < signature.Length; i += 7)
        {
            byte[] bent = [.. signature];
            bent[i] ^= 1;
            key.Verify(message, bent).ShouldBeFalse();
            key.Verify(message, signature.AsSpan(0, i)).ShouldBeFalse();
        }
    }

    [Fact]
    public void Ecdsa_on_P256_verifies()
    {
        using System.Security.Cryptography.ECDsa ecdsa = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        PublicKey key = new(KeyType.Ecdsa, ecdsa.ExportSubjectPublicKeyInfo());
        byte[] signature = ecdsa.SignData("x"u8, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.DSASignatureFormat.Rfc3279DerSequence);
        key.Verify("x"u8, signature).ShouldBeTrue();
        key.Verify("y"u8, signature).ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_Ed25519_or_RSA_private_key_signs_as_others_do(string name)
    {
        JsonElement item = LibP2pVectors.Named("keys", name);
        bool isOurs = PrivateKey.TryRead(item.Hex("privateKeyProtobuf"), out PrivateKey? key);
        isOurs.ShouldBe(item.Text("type") is "Ed25519" or "RSA");
        if (key is not null)
        {
            key.Encode().ShouldBe(item.Hex("privateKeyProtobuf"));
            key.PeerId.ToString().ShouldBe(item.Text("base58"));
            key.Sign(item.Hex("signedMessage")).ShouldBe(item.Hex("signature"));
        }
    }

    [Fact]
    public void A_private_key_with_another_ones_public_half_is_refused()
    {
        byte[] encoded = LibP2pVectors.Named("keys", "ed25519_seed_0").Hex("privateKeyProtobuf");
        encoded[^1] ^= 1;
        PrivateKey.TryRead(encoded, out _).ShouldBeFalse();
        PrivateKey key = PrivateKey.FromSeed(new byte[32]);
        byte[] old = [8, 1, 18, 96, .. key.Encode().AsSpan(4), .. key.PublicKey.Data.Span];
        PrivateKey.TryRead(old, out PrivateKey? read).ShouldBeTrue("the form with the public key twice");
        read.PeerId.ShouldBe(key.PeerId);
        PrivateKey.Generate(new Random(1)).PeerId.ShouldBe(PrivateKey.Generate(new Random(1)).PeerId);
    }

    [Fact]
    public void RSA_keys_of_another_size_are_refused_unverified()
    {
        foreach ((int bits, bool verifies) in new[] { (1024, false), (2048, true) })
        {
            using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(bits);
            byte[] signature = rsa.SignData([1], System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1);
            Read(rsa).ShouldNotBeNull().Verify([1], signature).ShouldBe(verifies, $"{bits}");
        }

        // Making such keys takes seconds, telling their size does not.
        foreach ((int bits, bool reads) in new[] { (4096, true), (4608, false), (16_384, false) })
        {
            byte[] modulus = new byte[bits / 8];
            Array.Fill(modulus, (byte)0xFF);
            using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(new System.Security.Cryptography.RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
            (Read(rsa) is not null).ShouldBe(reads, $"{bits}");
        }

        static PublicKey? Read(System.Security.Cryptography.RSA rsa)
        {
            ProtobufWriter writer = new(new byte[4000]);
            writer.WriteVarint(1, 0);
            writer.WriteBytes(2, rsa.ExportSubjectPublicKeyInfo());
            return PublicKey.TryRead(writer.Written, out PublicKey? key) ? key : null;
        }
    }

    [Fact]
    public void Texts_of_peers_that_others_read_are_read()
    {
        foreach (JsonElement item in LibP2pVectors.List("peerIdText"))
        {
            PeerId peer = PeerId.Parse(item.Text("text"));
            peer.Bytes.ToArray().ShouldBe(item.Hex("multihash"));
            peer.ToString().ShouldBe(item.Text("base58"));
        }

        PeerId.TryParse("bafkqabdunfxhs", out _).ShouldBeFalse("another codec");
        PeerId.TryParse("", out _).ShouldBeFalse();
        PeerId.TryParse("1", out _).ShouldBeFalse();
        PeerId.TryParse("12D3KooW" + new string('1', 2000), out _).ShouldBeFalse();
        PeerId.TryRead([0, 0], out _).ShouldBeFalse("an empty key");
        PeerId.TryRead([0, 43, .. new byte[43]], out _).ShouldBeFalse("a key that is hashed");
        PeerId.TryRead([0x11, 20, .. new byte[20]], out _).ShouldBeFalse("SHA-1");
    }

    [Fact]
    public void A_signed_peer_record_is_made_as_others_make_it()
    {
        JsonElement item = LibP2pVectors.At("peerRecord");
        PrivateKey key = LibP2pVectors.List("keys").Select(entry => PrivateKey.TryRead(entry.Hex("privateKeyProtobuf"), out PrivateKey? read) ? read : null)
            .Single(read => read?.PeerId.ToString() == item.Text("peer"))!;
        PeerRecord.TryOpen(item.Hex("envelope"), out PeerRecord? record).ShouldBeTrue();
        record.Peer.ShouldBe(key.PeerId);
        record.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(item.Text("seq"));
        record.Addresses.Select(address => address.ToString()).ShouldBe(item.GetProperty("addrs").EnumerateArray().Select(address => address.GetString()!));
        record.Sign(key).ShouldBe(item.Hex("envelope"));
        SignedEnvelope.TryOpen(item.Hex("envelope"), "another purpose", [3, 1], out _).ShouldBeFalse();
        SignedEnvelope.TryOpen(item.Hex("envelope"), "libp2p-peer-record", [3, 2], out _).ShouldBeFalse();
    }

    [Fact]
    public void A_record_that_another_signed_is_refused()
    {
        PrivateKey liar = PrivateKey.FromSeed(new byte[32]);
        PrivateKey victim = PrivateKey.FromSeed(Encoding.ASCII.GetBytes(new string('v', 32)));
        PeerRecord record = new(victim.PeerId, 1, []);
        Should.Throw<ArgumentException>(() => record.Sign(liar));
        byte[] payload = [0x0A, (byte)victim.PeerId.Bytes.Length, .. victim.PeerId.Bytes.Span, 0x10, 1];
        byte[] forged = SignedEnvelope.Seal(liar, "libp2p-peer-record", [3, 1], payload);
        SignedEnvelope.TryOpen(forged, "libp2p-peer-record", [3, 1], out _).ShouldBeTrue("the signature itself holds");
        PeerRecord.TryOpen(forged, out _).ShouldBeFalse();
    }
}
