namespace Kadstone.Crypto;

/// <summary>SipHash-2-4 with a 64-bit result: a keyed hash of short inputs, for tokens and hash tables that strangers fill.</summary>
/// <remarks>libsodium crypto_shorthash.</remarks>
public static unsafe class SipHash
{
    /// <summary>16: the bytes of a key.</summary>
    public const int KeyLength = 16;

    /// <summary>The hash of <paramref name="message"/> under <paramref name="key"/>.</summary>
    /// <exception cref="ArgumentException">The key is not 16 bytes long.</exception>
    public static ulong Hash(ReadOnlySpan<byte> message, ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyLength)
        {
            throw new ArgumentException("A SipHash key has 16 bytes.", nameof(key));
        }

        ulong hash;
        fixed (byte* messageStart = message)
        fixed (byte* keyStart = key)
        {
            _ = Sodium.crypto_shorthash((byte*)&hash, messageStart, (ulong)message.Length, keyStart);
        }

        return hash;
    }
}
