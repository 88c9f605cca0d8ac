namespace Kadstone.Crypto;

/// <summary>X25519: two key pairs agree on a secret.</summary>
/// <remarks>RFC 7748; libsodium crypto_scalarmult_curve25519.</remarks>
public static unsafe class X25519
{
    /// <summary>32: the bytes of a private key, of a public key and of the secret.</summary>
    public const int KeyLength = 32;

    /// <summary>Writes the public key that belongs to <paramref name="privateKey"/>, any 32 bytes.</summary>
    /// <exception cref="ArgumentException">One of them has not 32 bytes.</exception>
    public static void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        Require(privateKey.Length, nameof(privateKey));
        Require(publicKey.Length, nameof(publicKey));
        fixed (byte* privateStart = privateKey)
        fixed (byte* publicStart = publicKey)
        {
            _ = Sodium.crypto_scalarmult_curve25519_base(publicStart, privateStart);
        }
    }

    /// <summary>Writes the secret that both sides get; false for a public key of small order, with which everybody would get the same.</summary>
    /// <exception cref="ArgumentException">One of them has not 32 bytes.</exception>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> secret)
    {
        Require(privateKey.Length, nameof(privateKey));
        Require(publicKey.Length, nameof(publicKey));
        Require(secret.Length, nameof(secret));
        fixed (byte* privateStart = privateKey)
        fixed (byte* publicStart = publicKey)
        fixed (byte* secretStart = secret)
        {
            return Sodium.crypto_scalarmult_curve25519(secretStart, privateStart, publicStart) == 0;
        }
    }

    private static void Require(int length, string parameter)
    {
        if (length != KeyLength)
        {
            throw new ArgumentException("An X25519 key has 32 bytes.", parameter);
        }
    }
}
