using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kadstone.Hyperswarm;

/// <summary>Where to join: a host and a port.</summary>
/// <param name="Host">A name or an IPv4 address.</param>
/// <param name="Port">The UDP port: 1 to 65535.</param>
/// <param name="Address">An address to try before the name is asked for; null: none was given.</param>
/// <remarks>Spelled <c>host:port</c>; <c>address@host:port</c>; <c>:port</c> or the port alone for this machine; a host alone has the network's usual port.</remarks>
public sealed record HostPort(string Host, ushort Port, IPAddress? Address = null) : IParsable<HostPort>
{
    /// <summary>49737: the usual port of hyperdht, in both generations.</summary>
    public const int DefaultPort = 49_737;

    /// <summary>3282: the usual port of dht-rpc in the first generation.</summary>
    public const int Gen1RpcPort = 3_282;

    /// <summary>Reads a spelling.</summary>
    /// <param name="text">The text.</param>
    /// <param name="defaultPort">The port of a host alone: 1 to 65535.</param>
    /// <exception cref="FormatException">It is none of the spellings.</exception>
    public static HostPort Parse(string text, int defaultPort = DefaultPort)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, defaultPort, out HostPort? result)
            ? result
            : throw new FormatException($"'{text}' is no bootstrap node: host:port, address@host:port, :port, a port or a host is expected.");
    }

    /// <inheritdoc cref="Parse(string, int)"/>
    public static HostPort Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <summary>Reads a spelling; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out HostPort result) =>
        TryParse(s, DefaultPort, out result);

    /// <summary>Reads a spelling; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, int defaultPort, [MaybeNullWhen(false)] out HostPort result)
    {
        result = null;
        ArgumentOutOfRangeException.ThrowIfLessThan(defaultPort, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(defaultPort, ushort.MaxValue);
        if (string.IsNullOrWhiteSpace(text) || text.Length > 300)
        {
            return false;
        }

        string host = text.Trim();
        IPAddress? address = null;
        int at = host.IndexOf('@');
        if (at >= 0)
        {
            if (!IPAddress.TryParse(host[..at], out address) || address.AddressFamily != AddressFamily.InterNetwork)
            {
                return false;
            }

            host = host[(at + 1)..];
        }

        int port = defaultPort;
        int colon = host.LastIndexOf(':');
        if (colon >= 0)
        {
            if (!TryPort(host[(colon + 1)..], out port))
            {
                return false;
            }

            host = host[..colon];
        }
        else if (host.All(char.IsAsciiDigit))
        {
            if (!TryPort(host, out port))
            {
                return false;
            }

            host = "";
        }

        if (host.Contains(':') || host.Contains('@') || host.Any(char.IsWhiteSpace) || (host.Length == 0 && address is not null))
        {
            return false;
        }

        result = new HostPort(host.Length == 0 ? "127.0.0.1" : host, (ushort)port, address);
        return true;
    }

    /// <summary>A spelling that <see cref="Parse(string, int)"/> reads.</summary>
    public override string ToString() => Address is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Address}@{Host}:{Port}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue;
}
