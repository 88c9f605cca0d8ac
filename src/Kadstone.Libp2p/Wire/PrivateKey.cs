using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Kadstone.Crypto;

namespace Kadstone.Libp2p;

/// <summary>A key of ours: Ed25519 for an identity, and RSA as well for names that were made with it.</summary>
/// <remarks>libp2p "Peer Ids and Keys". Keys of other kinds are verified, see <see cref="PublicKey"/>, and never signed with.</remarks>
public sealed class PrivateKey
{
    private readonly byte[] _secret;

    private PrivateKey(RSA rsa)
    {
        _secret = rsa.ExportRSAPrivateKey();
        PublicKey = new PublicKey(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo());
    }

    private PrivateKey(ReadOnlySpan<byte> seed)
    {
        _secret = new byte[Ed25519.SecretKeyLength];
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

    /// <summary>An RSA key.</summary>
    /// <param name="pkcs1">The DER of PKCS #1; 2,048 to 4,096 bits.</param>
    /// <exception cref="ArgumentException">It is no such key.</exception>
    public static PrivateKey FromRsa(ReadOnlySpan<byte> pkcs1) =>
        TryReadRsa(pkcs1, out PrivateKey? key) ? key : throw new ArgumentException("No RSA key of 2,048 to 4,096 bits in PKCS #1.", nameof(pkcs1));

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

    /// <summary>Reads the protobuf of a private key, as other implementations store theirs. Never throws.</summary>
    /// <remarks>Ed25519: 64 bytes, seed and public key, or 96 with the public key twice. RSA: PKCS #1. False where they do not belong together, and for keys of other kinds.</remarks>
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

        if (!reader.IsMalformed && type == (ulong)KeyType.Rsa)
        {
            return TryReadRsa(data, out key);
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
        byte[] encoded = new byte[ProtobufWriter.BoundOf(_secret.Length) + 2];
        ProtobufWriter writer = new(encoded);
        writer.WriteVarint(1, (ulong)PublicKey.Type);
        writer.WriteBytes(2, _secret);
        return writer.Written.ToArray();
    }

    /// <summary>Signs <paramref name="message"/>, the same each time: 64 bytes by Ed25519, as many as the key has by RSA (PKCS #1 1.5 with SHA-256).</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        if (PublicKey.Type == KeyType.Rsa)
        {
            using RSA rsa = RSA.Create();
            rsa.ImportRSAPrivateKey(_secret, out _);
            return rsa.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(message, _secret, signature);
        return signature;
    }

    private static bool TryReadRsa(ReadOnlySpan<byte> pkcs1, [NotNullWhen(true)] out PrivateKey? key)
    {
        key = null;
        if (pkcs1.Length > 4096)
        {
            return false;
        }

        try
        {
            using RSA rsa = RSA.Create();
            rsa.ImportRSAPrivateKey(pkcs1, out int read);
            key = read == pkcs1.Length && rsa.KeySize is >= 2048 and <= 4096 ? new PrivateKey(rsa) : null;
        }
        catch (CryptographicException)
        {
            // The only way in which the platform says that a key is none.
        }

        return key is not null;
    }
}
