using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Kadstone.Crypto;

namespace Kadstone.Libp2p;

/// <summary>An identity's public key, of whatever kind, which verifies its signatures.</summary>
/// <remarks>libp2p "Peer Ids and Keys". Equality by kind and bytes.</remarks>
public sealed class PublicKey : IEquatable<PublicKey>
{
    // The SubjectPublicKeyInfo of an RSA key of 4,096 bits has 550 bytes, that of P-521 has 158.
    private const int MaxRsaLength = 600;
    private const int MaxEcdsaLength = 200;
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096;
    private const int InlinedLength = 42;

    private readonly byte[] _encoded;
    private readonly byte[] _data;

    internal PublicKey(KeyType type, ReadOnlySpan<byte> data)
    {
        Type = type;
        _data = data.ToArray();
        Span<byte> buffer = stackalloc byte[ProtobufWriter.BoundOf(MaxRsaLength) + ProtobufWriter.BoundOf(0)];
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(1, (ulong)type);
        writer.WriteBytes(2, data);
        _encoded = writer.Written.ToArray();
        PeerId = PeerId.OfEncodedKey(_encoded, _encoded.Length <= InlinedLength);
    }

    /// <summary>Its kind.</summary>
    public KeyType Type { get; }

    /// <summary>The key: 32 bytes of Ed25519, a compressed point of 33 bytes of secp256k1, else a DER SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> Data => _data;

    /// <summary>The one protobuf encoding of the key: what peer ids are made of.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>The id of the peer that owns the key.</summary>
    public PeerId PeerId { get; }

    /// <summary>Reads the protobuf of a key. Never throws.</summary>
    /// <remarks>False also for a key that is too long to be one that we would check: RSA above 4,096 bits costs too much for what strangers send.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        ReadOnlySpan<byte> data = default;
        KeyType? type = null;
        bool hasData = false;
        ProtobufReader reader = new(encoded);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Varint))
            {
                type = field.Value <= (ulong)KeyType.Ecdsa ? (KeyType)field.Value : null;
            }
            else if (field.Is(2, ProtobufWireType.Bytes))
            {
                data = field.Bytes;
                hasData = true;
            }
        }

        if (reader.IsMalformed || type is not KeyType kind || !hasData || !IsPlausible(kind, data))
        {
            return false;
        }

        key = new PublicKey(kind, data);
        return true;
    }

    /// <summary>Whether <paramref name="signature"/> was made over <paramref name="message"/> by this key's owner. Never throws.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        try
        {
            return Type switch
            {
                KeyType.Ed25519 => Ed25519.Verify(signature, message, _data),
                KeyType.Rsa => VerifyRsa(message, signature),
                KeyType.Ecdsa => VerifyEcdsa(message, signature),
                _ => Secp256k1.Verify(_data, message, signature),
            };
        }
        catch (CryptographicException)
        {
            // The platform's way to say that the key or the signature is none.
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && _encoded.AsSpan().SequenceEqual(other._encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => PeerId.GetHashCode();

    private static bool IsPlausible(KeyType type, ReadOnlySpan<byte> data) => type switch
    {
        KeyType.Ed25519 => data.Length == Ed25519.PublicKeyLength,
        KeyType.Secp256k1 => data.Length == Secp256k1.CompressedLength && data[0] is 2 or 3,
        KeyType.Rsa => data.Length is > 0 and <= MaxRsaLength,
        _ => data.Length is > 0 and <= MaxEcdsaLength,
    };

    private bool VerifyRsa(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(_data, out int read);
        return read == _data.Length && rsa.KeySize is >= MinRsaBits and <= MaxRsaBits
            && rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private bool VerifyEcdsa(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using ECDsa ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(_data, out int read);
        return read == _data.Length && ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }
}
