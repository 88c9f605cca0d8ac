using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Reads compact-encoding, front to back, without allocating. Each method is false when the bytes do not hold such a value; never throws.</summary>
/// <remarks>npm compact-encoding 3: little endian; a number in a longer form than it needs is taken; what follows the last field is ignored.</remarks>
internal ref struct CompactReader(ReadOnlySpan<byte> source)
{
    /// <summary>2^53 - 1: the greatest number that the JavaScript nodes read.</summary>
    public const long MaxUInt = (1L << 53) - 1;

    /// <summary>6: an IPv4 address and a port.</summary>
    public const int EndpointLength = 6;

    private const int EndpointLengthIPv6 = 18;

    private ReadOnlySpan<byte> _rest = source;

    /// <summary>What is not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Whether everything is read.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Whether the last failure was a number above <see cref="MaxUInt"/>; if not, bytes were missing.</summary>
    public bool NumberTooLarge { get; private set; }

    /// <summary>Reads <c>uint</c>: 1, 3, 5 or 9 bytes, from 0 to <see cref="MaxUInt"/>.</summary>
    public bool TryReadUInt(out long value)
    {
        ReadOnlySpan<byte> rest = _rest;
        value = 0;
        if (rest.IsEmpty)
        {
            return false;
        }

        byte first = rest[0];
        if (first <= CompactWriter.MaxSingleByte)
        {
            value = first;
            _rest = rest[1..];
            return true;
        }

        int length = first switch { 0xFD => 3, 0xFE => 5, _ => 9 };
        if (rest.Length < length)
        {
            return false;
        }

        ulong number = length switch
        {
            3 => BinaryPrimitives.ReadUInt16LittleEndian(rest[1..]),
            5 => BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(rest[1..]),
        };
        if (number > MaxUInt)
        {
            NumberTooLarge = true;
            return false;
        }

        value = (long)number;
        _rest = rest[length..];
        return true;
    }

    /// <summary>Reads <c>uint</c> where only small numbers mean something: what needs more than 32 bits becomes <see cref="uint.MaxValue"/>.</summary>
    public bool TryReadSmallUInt(out uint value)
    {
        bool read = TryReadUInt(out long number);
        value = (uint)Math.Min(number, uint.MaxValue);
        return read;
    }

    /// <summary>Reads <c>uint16</c>, 2 bytes.</summary>
    public bool TryReadUInt16(out ushort value)
    {
        bool read = TryReadFixed(sizeof(ushort), out ReadOnlySpan<byte> bytes);
        value = read ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;
        return read;
    }

    /// <summary>Reads <c>uint32</c>, 4 bytes.</summary>
    public bool TryReadUInt32(out uint value)
    {
        bool read = TryReadFixed(sizeof(uint), out ReadOnlySpan<byte> bytes);
        value = read ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        return read;
    }

    /// <summary>Reads <c>fixed32</c>, <c>fixed64</c>: as many bytes as the format says.</summary>
    public bool TryReadFixed(int length, out ReadOnlySpan<byte> bytes)
    {
        if (_rest.Length < length)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Reads <c>fixed32</c> as a key.</summary>
    public bool TryReadKey(out Key256 key)
    {
        bool read = TryReadFixed(Key256.ByteLength, out ReadOnlySpan<byte> bytes);
        key = read ? Key256.Read(bytes) : default;
        return read;
    }

    /// <summary>Reads <c>buffer</c>, or a <c>string</c> whose UTF-8 is not checked: a length and that many bytes.</summary>
    public bool TryReadBuffer(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryReadCount(1, out int length) && TryReadFixed(length, out bytes);
    }

    /// <summary>Reads an optional <c>buffer</c>: one without bytes is none.</summary>
    public bool TryReadOptionalBuffer(out bool isPresent, out ReadOnlySpan<byte> bytes)
    {
        bool read = TryReadBuffer(out bytes);
        isPresent = !bytes.IsEmpty;
        return read;
    }

    /// <summary>Reads the count of an array: false when so many items cannot be in the bytes that are left.</summary>
    /// <param name="itemLength">The bytes of the shortest item.</param>
    /// <param name="count">How many items follow.</param>
    public bool TryReadCount(int itemLength, out int count)
    {
        bool read = TryReadUInt(out long number) && number <= _rest.Length / itemLength;
        count = read ? (int)number : 0;
        return read;
    }

    /// <summary>Reads <c>ipv4Address</c>: 4 bytes and a little-endian port.</summary>
    public bool TryReadEndpoint(out UdpEndpoint endpoint)
    {
        bool read = TryReadFixed(EndpointLength, out ReadOnlySpan<byte> bytes);
        endpoint = read ? RpcEndpoints.Read(bytes) : default;
        return read;
    }

    /// <summary>Reads an <c>ipv4Address</c> that is there only if a flag says so.</summary>
    public bool TryReadOptionalEndpoint(bool isPresent, out UdpEndpoint? endpoint)
    {
        endpoint = null;
        if (!isPresent)
        {
            return true;
        }

        bool read = TryReadEndpoint(out UdpEndpoint present);
        endpoint = read ? present : null;
        return read;
    }

    /// <summary>Reads <c>ipv6Address</c>: 16 bytes and a little-endian port. A v4-mapped address becomes IPv4.</summary>
    public bool TryReadEndpointIPv6(out UdpEndpoint endpoint)
    {
        endpoint = default;
        if (!TryReadFixed(EndpointLengthIPv6, out ReadOnlySpan<byte> bytes))
        {
            return false;
        }

        ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        ushort port = BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]);
        bool isMapped = high == 0 && low >> 32 == 0xFFFF;
        endpoint = isMapped ? UdpEndpoint.FromIPv4((uint)low, port) : UdpEndpoint.FromIPv6(high, low, port);
        return true;
    }

    /// <summary>Reads an array of <c>ipv4Address</c>.</summary>
    public bool TryReadEndpoints(out RpcEndpoints endpoints)
    {
        endpoints = default;
        if (!TryReadCount(EndpointLength, out int count) || !TryReadFixed(count * EndpointLength, out ReadOnlySpan<byte> packed))
        {
            return false;
        }

        endpoints = RpcEndpoints.FromPacked(packed);
        return true;
    }
}
