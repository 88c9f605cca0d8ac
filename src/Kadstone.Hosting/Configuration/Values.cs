using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kadstone.Hyperswarm;
using Kadstone.Libp2p;

namespace Kadstone.Hosting.Configuration;

/// <summary>Values of the configuration. Whatever is none throws <see cref="FormatException"/>; the setting says what is expected.</summary>
internal static class Values
{
    internal static bool Flag(string text) => bool.TryParse(text, out bool value) ? value : throw new FormatException();

    internal static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : throw new FormatException();

    // Enum.Parse would take numbers and lists of names.
    internal static T Word<T>(string text)
        where T : struct, Enum =>
        Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : throw new FormatException();

    internal static string Path(string text) => text.Length is > 0 and < 4096 && !text.Contains('\0', StringComparison.Ordinal) ? text : throw new FormatException();

    // IPAddress.Parse takes "1" and "127.1" for addresses, and nobody means them.
    internal static IPAddress IP(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) && (text.Contains(':', StringComparison.Ordinal) || text.Split('.').Length == 4) ? address : throw new FormatException();

    internal static IPAddress IPv4(string text) => IP(text) is { AddressFamily: AddressFamily.InterNetwork } address ? address : throw new FormatException();

    internal static IPEndPoint Endpoint(string text)
    {
        (string host, int port) = Split(text);
        return new IPEndPoint(host == "localhost" ? IPAddress.Loopback : IP(host), port);
    }

    internal static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0 ? uri : throw new FormatException();

    internal static string HostAndPort(string text)
    {
        (string host, int port) = Split(text);
        bool looksNumeric = host.All(letter => char.IsAsciiDigit(letter) || letter == '.');
        bool isHost = looksNumeric ? IPAddress.TryParse(host, out _) && host.Split('.').Length == 4 : Uri.CheckHostName(host) != UriHostNameType.Unknown;
        return isHost && port > 0 ? text : throw new FormatException();
    }

    internal static string HyperswarmNode(string text) => text.All(letter => letter > ' ') && HostPort.TryParse(text, HostPort.DefaultPort, out _) ? text : throw new FormatException();

    internal static Multiaddr Multiaddress(string text) => Multiaddr.TryParse(text, out Multiaddr? address) && address.Peer is null ? address : throw new FormatException();

    internal static Multiaddr Listen(string text) =>
        Multiaddress(text) is { Components.Count: 2 } address && address.TryGetTcpEndpoint(out _) ? address : throw new FormatException();

    internal static Multiaddr Peer(string text) => Multiaddr.TryParse(text, out Multiaddr? address) && address.Peer is not null ? address : throw new FormatException();

    internal static string Prefix(string text) =>
        text is ['/', not '/', ..] && text.Length <= 128 && !text.EndsWith('/') && !text.Contains('\n', StringComparison.Ordinal) ? text : throw new FormatException();

    internal static IReadOnlyList<T> List<T>(IReadOnlyList<string> words, int least, int most, Func<string, T> parse) =>
        words.Count >= least && words.Count <= most ? [.. words.Select(parse)] : throw new FormatException();

    private static (string Host, int Port) Split(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            throw new FormatException();
        }

        string host = text[..colon];
        bool isBracketed = host is ['[', .., ']'];
        return !isBracketed && host.Contains(':', StringComparison.Ordinal)
            ? throw new FormatException()
            : (isBracketed ? host[1..^1] : host, Number(text[(colon + 1)..], 0, 65_535));
    }
}
