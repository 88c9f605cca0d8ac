using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>A magnet link, as far as a DHT can follow it: to a torrent, or to a mutable item that points to one.</summary>
/// <remarks>BEP 9 (<c>xt=urn:btih</c>), BEP 52 (<c>xt=urn:btmh</c>), BEP 46 (<c>xs=urn:btpk</c> and <c>s</c>).</remarks>
public sealed class MagnetLink
{
    private const string Scheme = "magnet:?";

    private MagnetLink()
    {
    }

    /// <summary>The v1 infohash, from 40 hexadecimal or 32 base32 digits; null when there is none.</summary>
    public Key160? InfoHash { get; private set; }

    /// <summary>The DHT key of a v2 torrent, the first 20 bytes of its SHA-256 infohash; null when there is none. A hybrid torrent has both.</summary>
    public Key160? InfoHashV2 { get; private set; }

    /// <summary>The public key of a mutable item, 32 bytes; empty when there is none.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; private set; }

    /// <summary>The salt of the mutable item, up to 64 bytes; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Salt { get; private set; }

    /// <summary>The name to display (<c>dn</c>); null when there is none.</summary>
    public string? Name { get; private set; }

    /// <summary>Where the mutable item is stored; null when the link has no public key.</summary>
    public Key160? ItemKey => PublicKey.IsEmpty ? null : ItemTarget.Mutable(PublicKey.Span, Salt.Span);

    /// <summary>Reads a link.</summary>
    /// <exception cref="FormatException">It is none, or leads nowhere; the message says what is wrong.</exception>
    public static MagnetLink Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out MagnetLink? link, out string? error) ? link : throw new FormatException(error);
    }

    /// <summary>Reads a link.</summary>
    /// <param name="text">The link; null counts as empty.</param>
    /// <param name="link">The link, when it leads somewhere.</param>
    /// <param name="error">Otherwise a sentence for the user.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out MagnetLink? link, [NotNullWhen(false)] out string? error)
    {
        link = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            error = "A magnet link begins with \"magnet:?\".";
            return false;
        }

        MagnetLink parsed = new();
        foreach (string parameter in text[Scheme.Length..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                error = parsed.Take(parameter[..equals], Uri.UnescapeDataString(parameter[(equals + 1)..]));
                if (error is not null)
                {
                    return false;
                }
            }
        }

        error = parsed.InfoHash is null && parsed.InfoHashV2 is null && parsed.PublicKey.IsEmpty
            ? "The magnet link names no torrent: it has none of xt=urn:btih, xt=urn:btmh and xs=urn:btpk."
            : parsed.PublicKey.IsEmpty && !parsed.Salt.IsEmpty
            ? "The magnet link has a salt (s) but no public key (xs=urn:btpk)."
            : null;
        link = error is null ? parsed : null;
        return link is not null;
    }

    // Null, or what is wrong. Of a parameter that occurs twice the first counts; other topics and parameters are not ours.
    private string? Take(string name, string value)
    {
        // Several topics may be numbered: xt.1, xt.2.
        switch (name.Split('.')[0].ToUpperInvariant())
        {
            case "XT" when After(value, "urn:btih:", out string hash):
                return TakeInfoHash(hash);
            case "XT" when After(value, "urn:btmh:", out string multihash):
                return TakeMultihash(multihash);
            case "XS" when After(value, "urn:btpk:", out string key):
                if (!TryReadHex(key, out byte[] publicKey) || publicKey.Length != ItemSignature.PublicKeyLength)
                {
                    return "The public key (xs=urn:btpk) has to be 64 hexadecimal digits.";
                }

                PublicKey = PublicKey.IsEmpty ? publicKey : PublicKey;
                return null;
            case "S":
                if (!TryReadHex(value, out byte[] salt) || salt.Length > ItemSignature.MaxSaltLength)
                {
                    return "The salt (s) has to be hexadecimal digits, of at most 64 bytes.";
                }

                Salt = Salt.IsEmpty ? salt : Salt;
                return null;
            case "DN":
                Name ??= value;
                return null;
            default:
                return null;
        }
    }

    private string? TakeInfoHash(string hash)
    {
        if (!Key160.TryParse(hash, out Key160 key) && !TryReadBase32(hash, out key))
        {
            return "The infohash (xt=urn:btih) has to be 40 hexadecimal or 32 base32 digits.";
        }

        InfoHash ??= key;
        return null;
    }

    // 0x12 is SHA-256 and 0x20 its length, in the multihash table.
    private string? TakeMultihash(string multihash)
    {
        if (!TryReadHex(multihash, out byte[] bytes) || bytes.Length != 34 || bytes[0] != 0x12 || bytes[1] != 0x20)
        {
            return "The v2 infohash (xt=urn:btmh) has to be 1220 and 64 hexadecimal digits.";
        }

        InfoHashV2 ??= Key160.Read(bytes.AsSpan(2));
        return null;
    }

    private static bool After(string value, string prefix, out string rest)
    {
        bool begins = value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
        rest = begins ? value[prefix.Length..] : string.Empty;
        return begins;
    }

    private static bool TryReadHex(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
    }

    // RFC 4648, section 6, without padding: 32 digits of 5 bits are 20 bytes.
    private static bool TryReadBase32(string text, out Key160 key)
    {
        key = default;
        if (text.Length != 32)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Key160.ByteLength];
        uint bits = 0;
        int held = 0;
        int written = 0;
        foreach (char digit in text)
        {
            int value = digit switch
            {
                >= 'A' and <= 'Z' => digit - 'A',
                >= 'a' and <= 'z' => digit - 'a',
                >= '2' and <= '7' => digit - '2' + 26,
                _ => -1,
            };
            if (value < 0)
            {
                return false;
            }

            bits = bits << 5 | (uint)value;
            held += 5;
            if (held >= 8)
            {
                held -= 8;
                bytes[written++] = (byte)(bits >> held);
            }
        }

        key = Key160.Read(bytes);
        return true;
    }
}
