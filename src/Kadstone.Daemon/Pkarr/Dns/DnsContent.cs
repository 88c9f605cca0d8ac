using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Daemon.Pkarr.Dns;

/// <summary>The data of a record as people write it, and back.</summary>
internal static class DnsContent
{
    private const int MaxStringLength = 255;

    // RFC 9460, 14.3.2.
    private static readonly string[] s_parameters = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

    /// <summary>Data as a zone file has it; of a type that is not known here as RFC 3597 has it.</summary>
    public static string ToText(DnsRecord record)
    {
        ReadOnlySpan<byte> data = record.Content.Span;
        return record.Type switch
        {
            DnsType.A or DnsType.AAAA => new IPAddress(data).ToString(),
            DnsType.CNAME or DnsType.NS => DnsName.ToText(data),
            DnsType.TXT => string.Join(' ', Strings(record.Content).Select(Quoted)),
            DnsType.SVCB or DnsType.HTTPS => Service(data),
            _ => $"\\# {data.Length} {Convert.ToHexStringLower(data)}".TrimEnd(),
        };
    }

    /// <summary>The strings of a TXT record.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Strings(ReadOnlyMemory<byte> content)
    {
        List<ReadOnlyMemory<byte>> strings = [];
        for (ReadOnlyMemory<byte> rest = content; rest.Length > 0; rest = rest[(1 + rest.Span[0])..])
        {
            strings.Add(rest.Slice(1, rest.Span[0]));
        }

        return strings;
    }

    /// <summary>Data from what people write.</summary>
    /// <exception cref="FormatException">The text is none of that type.</exception>
    public static byte[] Parse(DnsType type, string text) => type switch
    {
        DnsType.A => Address(text, AddressFamily.InterNetwork, "is no IPv4 address, such as 192.0.2.1"),
        DnsType.AAAA => Address(text, AddressFamily.InterNetworkV6, "is no IPv6 address, such as 2001:db8::1"),
        DnsType.CNAME or DnsType.NS => DnsName.ToWire(text),
        DnsType.TXT => Text(text),
        DnsType.SVCB or DnsType.HTTPS => Service(text),
        _ => throw new FormatException("is no type; A, AAAA, CNAME, TXT, NS, SVCB and HTTPS are allowed"),
    };

    private static byte[] Address(string text, AddressFamily family, string expected) =>
        IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == family ? address.GetAddressBytes() : throw new FormatException(expected);

    // Readers join the strings again.
    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. bytes.Length == 0 ? [0] : bytes.Chunk(MaxStringLength).SelectMany(part => (byte[])[(byte)part.Length, .. part])];
    }

    private static string Quoted(ReadOnlyMemory<byte> text)
    {
        StringBuilder quoted = new("\"");
        foreach (byte letter in text.Span)
        {
            _ = letter is (byte)'"' or (byte)'\\' ? quoted.Append('\\').Append((char)letter)
                : letter is >= 0x20 and < 0x7F ? quoted.Append((char)letter)
                : quoted.Append('\\').Append(letter.ToString("D3", CultureInfo.InvariantCulture));
        }

        return quoted.Append('"').ToString();
    }

    // The reader of the message has checked all lengths.
    private static string Service(ReadOnlySpan<byte> data)
    {
        StringBuilder text = new();
        int end = sizeof(ushort);
        while (data[end] != 0)
        {
            end += 1 + data[end];
        }

        end++;
        text.Append(BinaryPrimitives.ReadUInt16BigEndian(data)).Append(' ').Append(DnsName.ToText(data[sizeof(ushort)..end]));
        for (ReadOnlySpan<byte> rest = data[end..]; rest.Length > 0;)
        {
            ushort key = BinaryPrimitives.ReadUInt16BigEndian(rest);
            ReadOnlySpan<byte> value = rest.Slice(4, BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
            text.Append(' ').Append(key < s_parameters.Length ? s_parameters[key] : $"key{key}");
            string shown = Parameter(key, value);
            _ = shown.Length == 0 ? text : text.Append('=').Append(shown);
            rest = rest[(4 + value.Length)..];
        }

        return text.ToString();
    }

    private static string Parameter(ushort key, ReadOnlySpan<byte> value) => key switch
    {
        1 => Protocols(value.ToArray()),
        3 when value.Length == 2 => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
        4 when value.Length % 4 == 0 => string.Join(',', value.ToArray().Chunk(4).Select(address => new IPAddress(address))),
        6 when value.Length % 16 == 0 => string.Join(',', value.ToArray().Chunk(16).Select(address => new IPAddress(address))),
        5 => Convert.ToBase64String(value),
        _ => Convert.ToHexStringLower(value),
    };

    private static string Protocols(byte[] value)
    {
        List<string> protocols = [];
        for (int at = 0; at < value.Length; at += 1 + value[at])
        {
            if (at + 1 + value[at] > value.Length)
            {
                return Convert.ToHexStringLower(value);
            }

            protocols.Add(Encoding.Latin1.GetString(value, at + 1, value[at]));
        }

        return string.Join(',', protocols);
    }

    // PRIORITY TARGET [alpn=h2,h3] [port=443] [ipv4hint=…] [ipv6hint=…]
    private static byte[] Service(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2 || !ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort priority))
        {
            throw new FormatException("is no service; PRIORITY TARGET [alpn=…] [port=…] [ipv4hint=…] [ipv6hint=…] is expected");
        }

        SortedDictionary<int, byte[]> parameters = [];
        foreach (string part in parts.Skip(2))
        {
            string[] pair = part.Split('=', 2);
            int key = Array.IndexOf(s_parameters, pair[0]);
            string value = pair.Length == 2 ? pair[1] : "";
            byte[] bytes = key switch
            {
                1 => [.. value.Split(',').Select(Encoding.UTF8.GetBytes).SelectMany(name => name.Length is > 0 and <= MaxStringLength
                    ? (byte[])[(byte)name.Length, .. name]
                    : throw new FormatException("has a bad alpn; names with commas between are expected"))],
                3 when ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) => [(byte)(port >> 8), (byte)port],
                4 => [.. value.Split(',').SelectMany(address => Address(address, AddressFamily.InterNetwork, "has an ipv4hint that is no IPv4 address"))],
                6 => [.. value.Split(',').SelectMany(address => Address(address, AddressFamily.InterNetworkV6, "has an ipv6hint that is no IPv6 address"))],
                _ => throw new FormatException($"has a parameter '{part}'; alpn=…, port=0 to 65535, ipv4hint=… and ipv6hint=… are allowed"),
            };
            if (!parameters.TryAdd(key, bytes))
            {
                throw new FormatException($"names {pair[0]} twice");
            }
        }

        // RFC 9460, 2.2: in ascending order of their numbers.
        return
        [
            (byte)(priority >> 8), (byte)priority,
            .. DnsName.ToWire(parts[1]),
            .. parameters.SelectMany(parameter => (byte[])[0, (byte)parameter.Key, (byte)(parameter.Value.Length >> 8), (byte)parameter.Value.Length, .. parameter.Value]),
        ];
    }
}
