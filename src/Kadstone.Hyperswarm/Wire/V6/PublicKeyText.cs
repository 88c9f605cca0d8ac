using System.Buffers;

namespace Kadstone.Hyperswarm;

/// <summary>The text forms of a public key: 64 hexadecimal digits, or 52 characters of z-base-32.</summary>
/// <remarks>
/// Zooko O'Whielacronx, "human-oriented base-32 encoding"; npm hypercore-id-encoding. 256 bits fill 51 characters and one bit of the
/// 52nd, whose other four are zero: a text where they are not is no key, so that each key has one such text.
/// </remarks>
internal static class PublicKeyText
{
    /// <summary>64: the hexadecimal digits of a key.</summary>
    public const int HexLength = 64;

    /// <summary>52: the characters of a key in z-base-32.</summary>
    public const int ZBase32Length = 52;

    private const int KeyLength = 32;
    private const string Alphabet = "ybndrfg8ejkmcpqxot1uwisza345h769";

    /// <summary>Reads either form; hexadecimal digits of both cases, z-base-32 in lower case.</summary>
    /// <param name="text">The text.</param>
    /// <param name="publicKey">At least 32 bytes; filled only when the text is a key.</param>
    public static bool TryParse(ReadOnlySpan<char> text, Span<byte> publicKey)
    {
        Span<byte> parsed = stackalloc byte[KeyLength];
        bool isKey = text.Length switch
        {
            HexLength => Convert.FromHexString(text, parsed, out _, out _) == OperationStatus.Done,
            ZBase32Length => TryParseZBase32(text, parsed),
            _ => false,
        };
        if (isKey)
        {
            parsed.CopyTo(publicKey);
        }

        return isKey;
    }

    /// <summary>The 52 characters of a key of 32 bytes.</summary>
    /// <exception cref="ArgumentException">The key has not 32 bytes.</exception>
    public static string ToZBase32(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != KeyLength)
        {
            throw new ArgumentException("A public key has 32 bytes.", nameof(publicKey));
        }

        Span<char> text = stackalloc char[ZBase32Length];
        int bits = 0;
        int pending = 0;
        int written = 0;
        foreach (byte part in publicKey)
        {
            pending = (pending << 8 | part) & 0xFFF;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text[written++] = Alphabet[pending >> (bits - 5) & 31];
            }
        }

        text[written] = Alphabet[pending << (5 - bits) & 31];
        return new string(text);
    }

    private static bool TryParseZBase32(ReadOnlySpan<char> text, Span<byte> publicKey)
    {
        int bits = 0;
        int pending = 0;
        int written = 0;
        foreach (char character in text)
        {
            int digit = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            pending = (pending << 5 | digit) & 0xFFF;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                publicKey[written++] = (byte)(pending >> bits);
            }
        }

        return (pending & ((1 << bits) - 1)) == 0;
    }
}
