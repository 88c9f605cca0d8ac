using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Kadstone.Libp2p;

/// <summary>The text of a multiaddr's values.</summary>
internal static class MultiaddrText
{
    private const int IPv6Length = 16;
    private const int OnionKeyLength = 35;
    private const int MaxPrefixLength = 128;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether bytes from the wire are a value of the protocol: what is kept can also be printed and read again.</summary>
    public static bool IsValue(MultiaddrProtocol protocol, ReadOnlySpan<byte> value) => protocol switch
    {
        MultiaddrProtocol.P2p => PeerId.TryRead(value, out _),
        MultiaddrProtocol.CertHash => Multihash.IsWhole(value),
        MultiaddrProtocol.IpCidr => value[0] <= MaxPrefixLength,
        MultiaddrProtocol.Unix => IsText(value, mayHoldSlash: true),
        MultiaddrProtocol.Garlic64 => !value.IsEmpty,
        MultiaddrProtocol.Dns or MultiaddrProtocol.Dns4 or MultiaddrProtocol.Dns6 or MultiaddrProtocol.DnsAddr or MultiaddrProtocol.Sni or MultiaddrProtocol.Ip6Zone
            => IsText(value, mayHoldSlash: false),
        _ => true,
    };

    public static string Write(MultiaddrProtocol protocol, ReadOnlySpan<byte> value) => protocol switch
    {
        MultiaddrProtocol.Ip4 or MultiaddrProtocol.Ip6 => new IPAddress(value).ToString(),
        MultiaddrProtocol.Tcp or MultiaddrProtocol.Udp => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
        MultiaddrProtocol.IpCidr => value[0].ToString(CultureInfo.InvariantCulture),
        MultiaddrProtocol.Memory => BinaryPrimitives.ReadUInt64BigEndian(value).ToString(CultureInfo.InvariantCulture),
        MultiaddrProtocol.P2p => Multibase.EncodeBare(MultibaseEncoding.Base58Btc, value),
        MultiaddrProtocol.CertHash => Multibase.Encode(MultibaseEncoding.Base64Url, value),
        MultiaddrProtocol.Onion3 => string.Create(
            CultureInfo.InvariantCulture,
            $"{Multibase.EncodeBare(MultibaseEncoding.Base32, value[..OnionKeyLength])}:{BinaryPrimitives.ReadUInt16BigEndian(value[OnionKeyLength..])}"),
        MultiaddrProtocol.Garlic64 => Convert.ToBase64String(value).Replace('+', '-').Replace('/', '~'),
        _ => Encoding.UTF8.GetString(value),
    };

    public static bool TryRead(MultiaddrProtocol protocol, ReadOnlySpan<char> text, out byte[] value)
    {
        value = [];
        switch (protocol)
        {
            case MultiaddrProtocol.Ip4:
                return TryReadIPv4(text, out value);
            case MultiaddrProtocol.Ip6:
                IPAddress? address = null;
                bool isAddress = text.IndexOfAny('%', '[', '/') < 0 && IPAddress.TryParse(text, out address);
                value = address?.GetAddressBytes() ?? [];
                return isAddress && value.Length == IPv6Length;
            case MultiaddrProtocol.Tcp or MultiaddrProtocol.Udp:
                return TryReadPort(text, out value);
            case MultiaddrProtocol.IpCidr:
                bool isPrefix = byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte prefix) && prefix <= MaxPrefixLength;
                value = [prefix];
                return isPrefix;
            case MultiaddrProtocol.Memory:
                value = new byte[sizeof(ulong)];
                bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
                BinaryPrimitives.WriteUInt64BigEndian(value, number);
                return isNumber;
            case MultiaddrProtocol.P2p:
                bool isPeer = PeerId.TryParse(text, null, out PeerId? peer);
                value = peer?.Bytes.ToArray() ?? [];
                return isPeer;
            case MultiaddrProtocol.CertHash:
                return Multibase.TryDecode(text, out _, out value) && Multihash.IsWhole(value);
            case MultiaddrProtocol.Onion3:
                return TryReadOnion(text, out value);
            case MultiaddrProtocol.Garlic64:
                return TryReadGarlic(text, out value);
            default:
                return TryReadText(protocol, text, out value);
        }
    }

    private static bool IsText(ReadOnlySpan<byte> value, bool mayHoldSlash)
    {
        foreach (byte character in value)
        {
            if (character < ' ' || character == 0x7F || (character == '/' && !mayHoldSlash))
            {
                return false;
            }
        }

        return !value.IsEmpty && System.Text.Unicode.Utf8.IsValid(value);
    }

    private static bool TryReadText(MultiaddrProtocol protocol, ReadOnlySpan<char> text, out byte[] value)
    {
        try
        {
            value = s_strict.GetBytes(text.ToArray());
            return IsValue(protocol, value);
        }
        catch (EncoderFallbackException)
        {
            value = [];
            return false;
        }
    }

    // Four plain decimals: what else the platform takes for an IPv4 address (127.1, 0x7f.1) has no place here.
    private static bool TryReadIPv4(ReadOnlySpan<char> text, out byte[] value)
    {
        value = new byte[4];
        int part = 0;
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> digits = text[range];
            if (part == 4 || digits.Length > 3 || (digits.Length > 1 && digits[0] == '0') || !byte.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value[part]))
            {
                return false;
            }

            part++;
        }

        return part == 4;
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out byte[] value)
    {
        value = new byte[sizeof(ushort)];
        bool isPort = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
        BinaryPrimitives.WriteUInt16BigEndian(value, port);
        return isPort;
    }

    private static bool TryReadOnion(ReadOnlySpan<char> text, out byte[] value)
    {
        value = [];
        int colon = text.IndexOf(':');
        if (colon < 0 || !Multibase.TryDecodeBare(MultibaseEncoding.Base32, text[..colon], out byte[] key) || key.Length != OnionKeyLength
            || !TryReadPort(text[(colon + 1)..], out byte[] port))
        {
            return false;
        }

        value = [.. key, .. port];
        return true;
    }

    private static bool TryReadGarlic(ReadOnlySpan<char> text, out byte[] value)
    {
        byte[] buffer = new byte[text.Length];
        char[] plain = text.ToArray();
        plain.AsSpan().Replace('-', '+');
        plain.AsSpan().Replace('~', '/');
        bool isRead = Convert.TryFromBase64Chars(plain, buffer, out int length) && length > 0;
        value = buffer[..length];
        return isRead;
    }
}
