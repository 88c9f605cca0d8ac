using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Kadstone.Crypto;

namespace Kadstone.Libp2p;

/// <summary>The Ed25519 key of our own identity.</summary>
/// <remarks>libp2p "Peer Ids and Keys". Keys of other kinds are verified, see <see cref="PublicKey"/>, and never signed with.</remarks>
public sealed class PrivateKey
{
    private readonly byte[] _secret = new byte[Ed25519.SecretKeyLength];

    private PrivateKey(ReadOnlySpan<byte> seed)
    {
        byte[] publicKey = new byte[Ed25519.PublicKeyLength];
        Ed25519.CreateKeyPair(seed, publicKey, _secret);
        PublicKey = new PublicKey(KeyType.Ed25519, publicKey);
    }

    /// <summary>What verifies the signatures.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The id of the peer that owns the key.</summary>
    public PeerId PeerId => PublicKey.PeerId;

    /// <summary>The key of a seed.</summary>
    /// <param name="seed">32 bytes, RFC 8032's private key.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    public static PrivateKey FromSeed(ReadOnlySpan<byte> seed) => new(seed);

    /// <summary>A key by chance.</summary>
    /// <param name="chance">Where its seed comes from: <see cref="SecureRandom"/>, or a seeded generator in tests.</param>
    public static PrivateKey Generate(Random chance)
    {
        ArgumentNullException.ThrowIfNull(chance);
        Span<byte> seed = stackalloc byte[Ed25519.SeedLength];
        chance.NextBytes(seed);
        PrivateKey key = new(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>Reads the protobuf of an Ed25519 private key, as other implementations store theirs. Never throws.</summary>
    /// <remarks>64 bytes, seed and public key, or 96 with the public key twice; false where they do not belong together, and for keys of other kinds.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out PrivateKey? key)
    {
        key = null;
        ReadOnlySpan<byte> data = default;
        ulong type = ulong.MaxValue;
        ProtobufReader reader = new(encoded);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Varint))
            {
                type = field.Value;
            }
            else if (field.Is(2, ProtobufWireType.Bytes))
            {
                data = field.Bytes;
            }
        }

        if (reader.IsMalformed || type != (ulong)KeyType.Ed25519 || data.Length is not (64 or 96))
        {
            return false;
        }

        PrivateKey candidate = new(data[..Ed25519.SeedLength]);
        for (int at = Ed25519.SeedLength; at < data.Length; at += Ed25519.PublicKeyLength)
        {
            if (!data.Slice(at, Ed25519.PublicKeyLength).SequenceEqual(candidate.PublicKey.Data.Span))
            {
                return false;
            }
        }

        key = candidate;
        return true;
    }

    /// <summary>The protobuf of the key, as other implementations store theirs: a secret.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[4 + Ed25519.SecretKeyLength];
        ProtobufWriter writer = new(encoded);
        writer.WriteVarint(1, (ulong)KeyType.Ed25519);
        writer.WriteBytes(2, _secret);
        return encoded;
    }

    /// <summary>Signs <paramref name="message"/>: 64 bytes, the same each time.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(message, _secret, signature);
        return signature;
    }
}
