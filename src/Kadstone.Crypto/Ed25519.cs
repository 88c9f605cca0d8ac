using System.Security.Cryptography;

namespace Kadstone.Crypto;

/// <summary>Ed25519 signatures.</summary>
/// <remarks>RFC 8032; libsodium crypto_sign_ed25519 and its scalar functions. Safe for concurrent use.</remarks>
public static unsafe class Ed25519
{
    /// <summary>32: the bytes of a seed, RFC 8032's private key.</summary>
    public const int SeedLength = 32;

    /// <summary>32: the bytes of a public key.</summary>
    public const int PublicKeyLength = 32;

    /// <summary>64: the bytes of a secret key as libsodium keeps it, the seed and then the public key.</summary>
    public const int SecretKeyLength = 64;

    /// <summary>64: the bytes of an expanded private key, the scalar a and then the prefix: SHA-512 of the seed, clamped.</summary>
    public const int ExpandedKeyLength = 64;

    /// <summary>64: the bytes of a signature.</summary>
    public const int SignatureLength = 64;

    private const int ScalarLength = 32;
    private const int Sha512Length = 64;

    /// <summary>The public key that belongs to <paramref name="seed"/>.</summary>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    public static byte[] CreateKeyPair(ReadOnlySpan<byte> seed)
    {
        byte[] publicKey = new byte[PublicKeyLength];
        Span<byte> secretKey = stackalloc byte[SecretKeyLength];
        CreateKeyPair(seed, publicKey, secretKey);
        CryptographicOperations.ZeroMemory(secretKey);
        return publicKey;
    }

    /// <summary>Writes the public key that belongs to <paramref name="seed"/>, and the 64-byte secret key that signs twice as fast as the seed.</summary>
    /// <exception cref="ArgumentException">The seed or the public key has not 32 bytes, or the secret key not 64.</exception>
    public static void CreateKeyPair(ReadOnlySpan<byte> seed, Span<byte> publicKey, Span<byte> secretKey)
    {
        Require(seed.Length == SeedLength, "An Ed25519 seed has 32 bytes.", nameof(seed));
        Require(publicKey.Length == PublicKeyLength, "An Ed25519 public key has 32 bytes.", nameof(publicKey));
        Require(secretKey.Length == SecretKeyLength, "An Ed25519 secret key has 64 bytes.", nameof(secretKey));

        fixed (byte* seedStart = seed)
        fixed (byte* publicStart = publicKey)
        fixed (byte* secretStart = secretKey)
        {
            _ = Sodium.crypto_sign_ed25519_seed_keypair(publicStart, secretStart, seedStart);
        }
    }

    /// <summary>Signs <paramref name="message"/>. The same message and key give the same signature always.</summary>
    /// <param name="message">What is signed; may be empty.</param>
    /// <param name="secretKey">The 32-byte seed, or the 64-byte secret key (seed, then public key). A 64-byte expanded key is another thing: see <see cref="SignExpanded"/>.</param>
    /// <param name="signature">64 bytes that take the signature.</param>
    /// <exception cref="ArgumentException">The key has neither 32 nor 64 bytes, or the signature not 64.</exception>
    public static void Sign(ReadOnlySpan<byte> message, ReadOnlySpan<byte> secretKey, Span<byte> signature)
    {
        Require(secretKey.Length is SeedLength or SecretKeyLength, "An Ed25519 seed has 32 bytes, a secret key 64.", nameof(secretKey));
        Require(signature.Length == SignatureLength, "An Ed25519 signature has 64 bytes.", nameof(signature));

        if (secretKey.Length == SeedLength)
        {
            Span<byte> publicKey = stackalloc byte[PublicKeyLength];
            Span<byte> full = stackalloc byte[SecretKeyLength];
            CreateKeyPair(secretKey, publicKey, full);
            Sign(message, full, signature);
            CryptographicOperations.ZeroMemory(full);
            return;
        }

        fixed (byte* messageStart = message)
        fixed (byte* secretStart = secretKey)
        fixed (byte* signatureStart = signature)
        {
            _ = Sodium.crypto_sign_ed25519_detached(signatureStart, null, messageStart, (ulong)message.Length, secretStart);
        }
    }

    /// <summary>Signs <paramref name="message"/> with an expanded private key, the form in which libtorrent and the BEP 44 test vectors keep theirs.</summary>
    /// <param name="message">What is signed; may be empty.</param>
    /// <param name="expandedKey">64 bytes: the scalar a, then the prefix.</param>
    /// <param name="publicKey">The 32-byte public key of a.</param>
    /// <param name="signature">64 bytes that take the signature.</param>
    /// <remarks>
    /// RFC 8032, section 5.1.6, steps 2 to 6. The public key is checked against a, because two signatures of one message under
    /// two public keys give the private key away.
    /// </remarks>
    /// <exception cref="ArgumentException">A length is wrong, or the public key does not belong to the expanded key.</exception>
    public static void SignExpanded(ReadOnlySpan<byte> message, ReadOnlySpan<byte> expandedKey, ReadOnlySpan<byte> publicKey, Span<byte> signature)
    {
        Require(expandedKey.Length == ExpandedKeyLength, "An expanded Ed25519 private key has 64 bytes.", nameof(expandedKey));
        Require(publicKey.Length == PublicKeyLength, "An Ed25519 public key has 32 bytes.", nameof(publicKey));
        Require(signature.Length == SignatureLength, "An Ed25519 signature has 64 bytes.", nameof(signature));

        Span<byte> scalar = stackalloc byte[ScalarLength];
        Span<byte> nonce = stackalloc byte[ScalarLength];
        Span<byte> point = stackalloc byte[PublicKeyLength];
        Span<byte> wide = stackalloc byte[Sha512Length];
        try
        {
            // The clamped a may be above the group's order; the point functions want it below.
            wide.Clear();
            expandedKey[..ScalarLength].CopyTo(wide);
            Reduce(wide, scalar);
            Require(
                TryMultiplyBase(scalar, point) && CryptographicOperations.FixedTimeEquals(point, publicKey),
                "The public key does not belong to the expanded private key.",
                nameof(publicKey));

            Sha512(expandedKey[ScalarLength..], default, message, wide);
            Reduce(wide, nonce);
            Require(TryMultiplyBase(nonce, point), "The expanded private key gives a nonce of zero.", nameof(expandedKey));

            Sha512(point, publicKey, message, wide);
            Span<byte> challenge = stackalloc byte[ScalarLength];
            Reduce(wide, challenge);
            point.CopyTo(signature);
            fixed (byte* proof = signature[ScalarLength..])
            fixed (byte* challengeStart = challenge)
            fixed (byte* scalarStart = scalar)
            fixed (byte* nonceStart = nonce)
            {
                Sodium.crypto_core_ed25519_scalar_mul(challengeStart, challengeStart, scalarStart);
                Sodium.crypto_core_ed25519_scalar_add(proof, challengeStart, nonceStart);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
            CryptographicOperations.ZeroMemory(nonce);
            CryptographicOperations.ZeroMemory(wide);
        }
    }

    /// <summary>Whether <paramref name="signature"/> was made over <paramref name="message"/> by the owner of <paramref name="publicKey"/>.</summary>
    /// <remarks>
    /// Also false, never an exception: a signature that has not 64 bytes or a key that has not 32; S not below the group's order L
    /// (RFC 8032, section 5.1.7: a signature cannot be altered into a second valid one); a public key or an R of small order, among
    /// them the key of 32 zero bytes, under which some libraries accept what nobody signed; a public key not canonically encoded.
    /// </remarks>
    public static bool Verify(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message, ReadOnlySpan<byte> publicKey)
    {
        if (signature.Length != SignatureLength || publicKey.Length != PublicKeyLength)
        {
            return false;
        }

        fixed (byte* signatureStart = signature)
        fixed (byte* messageStart = message)
        fixed (byte* publicStart = publicKey)
        {
            return Sodium.crypto_sign_ed25519_verify_detached(signatureStart, messageStart, (ulong)message.Length, publicStart) == 0;
        }
    }

    /// <summary>Whether 32 bytes can be somebody's public key: a point of the curve, canonically encoded, in the group that keys are made in.</summary>
    /// <remarks>Also false, never an exception, when there are not 32 bytes.</remarks>
    public static bool IsPublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != PublicKeyLength)
        {
            return false;
        }

        fixed (byte* point = bytes)
        {
            return Sodium.crypto_core_ed25519_is_valid_point(point) == 1;
        }
    }

    private static void Sha512(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> digest)
    {
        Sodium.Sha512State state;
        fixed (byte* firstStart = first)
        fixed (byte* secondStart = second)
        fixed (byte* thirdStart = third)
        fixed (byte* digestStart = digest)
        {
            _ = Sodium.crypto_hash_sha512_init(&state);
            _ = Sodium.crypto_hash_sha512_update(&state, firstStart, (ulong)first.Length);
            _ = Sodium.crypto_hash_sha512_update(&state, secondStart, (ulong)second.Length);
            _ = Sodium.crypto_hash_sha512_update(&state, thirdStart, (ulong)third.Length);
            _ = Sodium.crypto_hash_sha512_final(&state, digestStart);
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(&state, sizeof(Sodium.Sha512State)));
    }

    private static void Reduce(ReadOnlySpan<byte> wide, Span<byte> scalar)
    {
        fixed (byte* wideStart = wide)
        fixed (byte* scalarStart = scalar)
        {
            Sodium.crypto_core_ed25519_scalar_reduce(scalarStart, wideStart);
        }
    }

    private static bool TryMultiplyBase(ReadOnlySpan<byte> scalar, Span<byte> point)
    {
        fixed (byte* scalarStart = scalar)
        fixed (byte* pointStart = point)
        {
            return Sodium.crypto_scalarmult_ed25519_base_noclamp(pointStart, scalarStart) == 0;
        }
    }

    private static void Require(bool condition, string message, string parameter)
    {
        if (!condition)
        {
            throw new ArgumentException(message, parameter);
        }
    }
}
