using System.Buffers;
using System.Buffers.Text;
using SimpleBase;

namespace Kadstone.Libp2p;

/// <summary>Bytes as text that begins with the letter of its base.</summary>
/// <remarks>multiformats/multibase. Only the one text that <see cref="Encode"/> would write is read: no padding, no stray bits, no mixed case.</remarks>
public static class Multibase
{
    /// <summary>1,024: the longest text that is read, since the work of base36 and base58 grows with the square.</summary>
    public const int MaxTextLength = 1024;

    // The decoders look characters up in tables that hold no others.
    private static readonly SearchValues<char> s_characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

    /// <summary>Writes <paramref name="bytes"/> with the base's letter in front.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The base is none of the named ones.</exception>
    public static string Encode(MultibaseEncoding encoding, ReadOnlySpan<byte> bytes) => (char)encoding + EncodeBare(encoding, bytes);

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <param name="text">At most <see cref="MaxTextLength"/> characters.</param>
    /// <param name="encoding">The base that its letter names.</param>
    /// <param name="bytes">The bytes; empty when it is false.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, out MultibaseEncoding encoding, out byte[] bytes)
    {
        encoding = text.IsEmpty ? default : (MultibaseEncoding)text[0];
        bytes = [];
        return !text.IsEmpty && TryDecodeBare(encoding, text[1..], out bytes);
    }

    /// <summary>The text without the letter, as peer ids and CIDv0 are written.</summary>
    internal static string EncodeBare(MultibaseEncoding encoding, ReadOnlySpan<byte> bytes) => encoding switch
    {
        MultibaseEncoding.Base16 => Convert.ToHexStringLower(bytes),
        MultibaseEncoding.Base16Upper => Convert.ToHexString(bytes),
        MultibaseEncoding.Base32 => Base32.FileCoin.Encode(bytes),
        MultibaseEncoding.Base32Upper => Base32.Rfc4648.Encode(bytes, padding: false),
        MultibaseEncoding.Base36 => Base36.LowerCase.Encode(bytes),
        MultibaseEncoding.Base36Upper => Base36.UpperCase.Encode(bytes),
        MultibaseEncoding.Base58Btc => Base58.Bitcoin.Encode(bytes),
        MultibaseEncoding.Base64 => Convert.ToBase64String(bytes).TrimEnd('='),
        MultibaseEncoding.Base64Url => Base64Url.EncodeToString(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };

    internal static bool TryDecodeBare(MultibaseEncoding encoding, ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length > MaxTextLength || !Enum.IsDefined(encoding))
        {
            return false;
        }

        // No base writes fewer than four bits a character.
        Span<byte> buffer = stackalloc byte[MaxTextLength + 1];
        if (!TryDecode(encoding, text, buffer, out int length))
        {
            return false;
        }

        bytes = buffer[..length].ToArray();
        return text.SequenceEqual(EncodeBare(encoding, bytes));
    }

    private static bool TryDecode(MultibaseEncoding encoding, ReadOnlySpan<char> text, Span<byte> buffer, out int length)
    {
        length = 0;
        if (text.ContainsAnyExcept(s_characters))
        {
            return false;
        }

        return encoding switch
        {
            MultibaseEncoding.Base16 or MultibaseEncoding.Base16Upper => Base16.LowerCase.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base32 => Base32.FileCoin.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base32Upper => Base32.Rfc4648.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base36 => Base36.LowerCase.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base36Upper => Base36.UpperCase.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base58Btc => Base58.Bitcoin.TryDecode(text, buffer, out length),
            MultibaseEncoding.Base64 => Convert.TryFromBase64Chars([.. text, .. "===".AsSpan(0, (4 - (text.Length % 4)) % 4)], buffer, out length),
            _ => Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, buffer, out length),
        };
    }
}
