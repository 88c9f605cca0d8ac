namespace Kadstone.Crypto;

/// <summary>BLAKE2b: a fast hash with a digest of chosen length and an optional key.</summary>
/// <remarks>RFC 7693; libsodium crypto_generichash.</remarks>
public static unsafe class Blake2b
{
    /// <summary>32: the bytes of the digest that Hyperswarm uses.</summary>
    public const int DigestLength = 32;

    /// <summary>16: the fewest bytes of a digest or of a key.</summary>
    public const int MinLength = 16;

    /// <summary>64: the most bytes of a digest or of a key.</summary>
    public const int MaxLength = 64;

    /// <summary>Fills <paramref name="digest"/> with the hash of <paramref name="message"/>, under <paramref name="key"/> if that is not empty.</summary>
    /// <remarks>The digest's length goes into the hash: a short digest is not the beginning of a longer one.</remarks>
    /// <exception cref="ArgumentException">The digest has not 16 to 64 bytes, or the key neither none nor 16 to 64.</exception>
    public static void Hash(ReadOnlySpan<byte> message, Span<byte> digest, ReadOnlySpan<byte> key = default)
    {
        if (digest.Length is < MinLength or > MaxLength)
        {
            throw new ArgumentException("A BLAKE2b digest has 16 to 64 bytes.", nameof(digest));
        }

        if (key.Length is not 0 and (< MinLength or > MaxLength))
        {
            throw new ArgumentException("A BLAKE2b key has 16 to 64 bytes, or none.", nameof(key));
        }

        fixed (byte* messageStart = message)
        fixed (byte* digestStart = digest)
        fixed (byte* keyStart = key)
        {
            _ = Sodium.crypto_generichash(digestStart, (nuint)digest.Length, messageStart, (ulong)message.Length, keyStart, (nuint)key.Length);
        }
    }
}
