using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Kadstone.Datagrams;

/// <summary>An IP address and a UDP port, as a value: no allocation, no scope, no names.</summary>
/// <remarks>An IPv4 address stands in the low 32 bits. A v4-mapped IPv6 address is never made: it is unmapped at the edge.</remarks>
public readonly record struct UdpEndpoint
{
    private readonly ulong _high;
    private readonly ulong _low;

    /// <summary>Makes an endpoint.</summary>
    /// <param name="address">The address as an unsigned number; an IPv4 address in the low 32 bits.</param>
    /// <param name="port">The UDP port.</param>
    /// <param name="isIPv4">Whether <paramref name="address"/> is an IPv4 address.</param>
    public UdpEndpoint(UInt128 address, ushort port, bool isIPv4)
    {
        _high = (ulong)(address >> 64);
        _low = (ulong)address;
        Port = port;
        IsIPv4 = isIPv4;
    }

    private UdpEndpoint(ulong high, ulong low, ushort port, bool isIPv4)
    {
        _high = high;
        _low = low;
        Port = port;
        IsIPv4 = isIPv4;
    }

    /// <summary>The address as an unsigned number; an IPv4 address in the low 32 bits.</summary>
    public UInt128 Address => new(_high, _low);

    /// <summary>The UDP port.</summary>
    public ushort Port { get; }

    /// <summary>Whether this is an IPv4 endpoint.</summary>
    public bool IsIPv4 { get; }

    /// <summary>The upper 64 bits of an IPv6 address; 0 for IPv4.</summary>
    public ulong AddressHigh => _high;

    /// <summary>The lower 64 bits of an IPv6 address, or the IPv4 address.</summary>
    public ulong AddressLow => _low;

    /// <summary>The same for two endpoints of one IP address (of IPv6: the two halves mixed).</summary>
    public ulong Host => IsIPv4 ? _low : (_high * 0x9E3779B97F4A7C15) ^ _low ^ 0x8000_0000_0000_0000;

    /// <summary>The same for two endpoints of one /24 (IPv4) or /64 (IPv6).</summary>
    public ulong Prefix => IsIPv4 ? _low >> 8 : _high | 0x8000_0000_0000_0000;

    /// <summary>4 or 16: the bytes of the address.</summary>
    public int AddressLength => IsIPv4 ? 4 : 16;

    /// <summary>6 or 18: the bytes of the compact form, address and port in network byte order (BEP 5, BEP 32).</summary>
    public int CompactLength => IsIPv4 ? 6 : 18;

    /// <summary>An IPv4 endpoint from its four bytes as one number, most significant first.</summary>
    public static UdpEndpoint FromIPv4(uint address, ushort port) => new(0, address, port, true);

    /// <summary>An IPv6 endpoint from the two halves of the address.</summary>
    public static UdpEndpoint FromIPv6(ulong high, ulong low, ushort port) => new(high, low, port, false);

    /// <summary>An endpoint from the framework's type; a v4-mapped address becomes IPv4.</summary>
    public static UdpEndpoint From(IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return From(endpoint.Address, (ushort)endpoint.Port);
    }

    /// <summary>An endpoint from the framework's address type; a v4-mapped address becomes IPv4.</summary>
    public static UdpEndpoint From(IPAddress address, ushort port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        plain.TryWriteBytes(bytes, out int written);
        return written == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), port)
            : FromIPv6(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), port);
    }

    /// <summary>Reads the compact form: 6 bytes for IPv4, 18 for IPv6.</summary>
    /// <returns>False when there are neither 6 nor 18 bytes.</returns>
    public static bool TryReadCompact(ReadOnlySpan<byte> compact, out UdpEndpoint endpoint)
    {
        switch (compact.Length)
        {
            case 6:
                endpoint = FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(compact), BinaryPrimitives.ReadUInt16BigEndian(compact[4..]));
                return true;
            case 18:
                endpoint = FromIPv6(
                    BinaryPrimitives.ReadUInt64BigEndian(compact),
                    BinaryPrimitives.ReadUInt64BigEndian(compact[8..]),
                    BinaryPrimitives.ReadUInt16BigEndian(compact[16..]));
                return true;
            default:
                endpoint = default;
                return false;
        }
    }

    /// <summary>Writes the compact form and returns its length, 6 or 18.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int WriteCompact(Span<byte> destination)
    {
        int length = CompactLength;
        if (destination.Length < length)
        {
            throw new ArgumentException("The compact form needs 6 or 18 bytes.", nameof(destination));
        }

        WriteAddress(destination);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(length - 2)..], Port);
        return length;
    }

    /// <summary>Writes the 4 or 16 bytes of the address and returns their number.</summary>
    public int WriteAddress(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
            return 4;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
        return 16;
    }

    /// <summary>The same address with another port.</summary>
    public UdpEndpoint WithPort(ushort port) => new(_high, _low, port, IsIPv4);

    /// <summary>The framework's address type.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        return new IPAddress(bytes[..WriteAddress(bytes)]);
    }

    /// <summary>The framework's endpoint type.</summary>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), Port);

    /// <summary>Reads <c>1.2.3.4:6881</c> or <c>[2001:db8::1]:6881</c>; no host names.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out UdpEndpoint endpoint)
    {
        endpoint = default;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        ReadOnlySpan<char> host = text[..colon];
        bool bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        if (!bracketed && host.Contains(':'))
        {
            return false;
        }

        if (!IPAddress.TryParse(bracketed ? host[1..^1] : host, out IPAddress? address))
        {
            return false;
        }

        endpoint = From(address, port);
        return true;
    }

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        ulong mixed = (_high * 0xC2B2AE3D27D4EB4F) ^ (_low * 0x9E3779B97F4A7C15) ^ ((ulong)Port << 17);
        return (int)(mixed >> 32) ^ (int)mixed;
    }

    /// <summary><c>1.2.3.4:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public override string ToString() => ToIPEndPoint().ToString();
}
