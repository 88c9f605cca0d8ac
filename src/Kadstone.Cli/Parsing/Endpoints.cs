using System.Globalization;
using System.Net;

namespace Kadstone.Cli.Parsing;

/// <summary>HOST:PORT, addresses and ports from the command line.</summary>
internal static class Endpoints
{
    private const string Expected = "is no HOST:PORT; a name or address and a port are expected, such as 127.0.0.1:6881, router.example.org:6881 or [::1]:6881";

    /// <summary>Checks HOST:PORT without asking anybody for the name.</summary>
    internal static string HostAndPort(string text)
    {
        (string _, int port) = Split(text);
        return port is >= 1 and <= 65_535 ? text : throw new FormatException($"has the port {port}; 1 to 65535 are allowed");
    }

    internal static (string Host, int Port) Split(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            throw new FormatException(Expected);
        }

        string host = text[..colon];
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        bool isHost = isBracketed
            ? IPAddress.TryParse(host[1..^1], out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            : Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4;
        // "1.2.3.400" is a name by the letter of the standard, and a slip of the hand in truth.
        bool looksNumeric = !isBracketed && host.All(letter => char.IsAsciiDigit(letter) || letter == '.');
        return isHost && !(looksNumeric && !IsDotted(host)) ? (isBracketed ? host[1..^1] : host, port) : throw new FormatException(Expected);
    }

    internal static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) && (text.Contains(':', StringComparison.Ordinal) || IsDotted(text))
            ? address
            : throw new FormatException("is no IP address; an IPv4 or IPv6 address of this machine is expected, such as 0.0.0.0, 127.0.0.1 or ::");

    internal static int? Port(string text) => Number(text, 0, 65_535, "a UDP port is 0 to 65535, and 0 is the kernel's choice");

    internal static int? PeerPort(string text) => Number(text, 0, 65_535, "a port is 1 to 65535, and 0 announces this node's own UDP port");

    private static int Number(string text, int least, int most, string allowed) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new FormatException($"is not allowed; {allowed}");

    // IPAddress.Parse takes "1" and "127.1" for addresses, and nobody means them.
    private static bool IsDotted(string text) =>
        text.Split('.') is { Length: 4 } parts && parts.All(part => byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
