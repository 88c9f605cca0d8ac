using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kadstone.Crypto;
using SimpleBase;

namespace Kadstone.Daemon.Pkarr;

/// <summary>An Ed25519 public key as pkarr writes it: 52 letters of z-base-32.</summary>
/// <remarks>One key has one text here. Other readers take several (the last letter has four bits to spare): a relay must not, or a key had several entries.</remarks>
internal sealed class PkarrKey : IEquatable<PkarrKey>
{
    /// <summary>52: 260 bits, of which the last four are zero.</summary>
    public const int TextLength = 52;

    private const string Scheme = "pk:";

    private static readonly SearchValues<char> s_alphabet = SearchValues.Create("ybndrfg8ejkmcpqxot1uwisza345h769");

    private PkarrKey(byte[] bytes, string text)
    {
        Bytes = bytes;
        Text = text;
    }

    /// <summary>32 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The canonical text.</summary>
    public string Text { get; }

    /// <returns>False when the bytes are nobody's key.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PkarrKey? key)
    {
        key = Ed25519.IsPublicKey(bytes) ? new PkarrKey(bytes.ToArray(), Base32.ZBase32.Encode(bytes)) : null;
        return key is not null;
    }

    /// <summary>Reads the canonical text and nothing else.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PkarrKey? key) => TryDecode(text, out key) && key.Text == text;

    /// <summary>Reads what people paste: a text of the key, with <c>pk:</c> before it, or a URI or name whose last label it is.</summary>
    public static bool TryParseUri(string text, [NotNullWhen(true)] out PkarrKey? key)
    {
        string rest = text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : text;
        int authority = rest.IndexOf("://", StringComparison.Ordinal);
        rest = authority < 0 ? rest : rest[(authority + 3)..];
        int end = rest.AsSpan().IndexOfAny("/?#");
        rest = end < 0 ? rest : rest[..end];
        rest = rest[(rest.LastIndexOf('@') + 1)..];
        int port = rest.IndexOf(':', StringComparison.Ordinal);
        rest = (port < 0 ? rest : rest[..port]).TrimEnd('.');
        return TryDecode(rest[(rest.LastIndexOf('.') + 1)..], out key);
    }

    public bool Equals(PkarrKey? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as PkarrKey);

    public override int GetHashCode() => string.GetHashCode(Text, StringComparison.Ordinal);

    public override string ToString() => Text;

    /// <summary>Whether a text has the length and the letters of a key; it may be the text of none.</summary>
    public static bool LooksLike(ReadOnlySpan<char> text) => text.Length == TextLength && !text.ContainsAnyExcept(s_alphabet);

    private static bool TryDecode(string text, [NotNullWhen(true)] out PkarrKey? key)
    {
        key = null;
        Span<byte> bytes = stackalloc byte[Ed25519.PublicKeyLength + 1];

        // The decoder is handed its own alphabet only: what it does with anything else is its own affair.
        return LooksLike(text) && Base32.ZBase32.TryDecode(text, bytes, out int length) && length >= Ed25519.PublicKeyLength
            && TryCreate(bytes[..Ed25519.PublicKeyLength], out key);
    }
}
