using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Writes compact-encoding into a span, each number in its shortest form. A full buffer sets <see cref="Overflowed"/>.</summary>
/// <remarks>npm compact-encoding 3.</remarks>
internal ref struct CompactWriter(Span<byte> buffer)
{
    /// <summary>252: the greatest <c>uint</c> of one byte.</summary>
    public const byte MaxSingleByte = 0xFC;

    private Span<byte> _buffer = buffer;
    private int _position;

    /// <summary>Whether something did not fit: nothing of it is to be sent.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The bytes written; 0 after an overflow.</summary>
    public readonly int Length => _position;

    /// <summary>What is written; empty after an overflow.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._position];

    /// <summary>The bytes of a <c>uint</c>: 1, 3, 5 or 9.</summary>
    public static int LengthOf(long value) => value switch
    {
        <= MaxSingleByte => 1,
        <= ushort.MaxValue => 3,
        <= uint.MaxValue => 5,
        _ => 9,
    };

    /// <summary>Writes <c>uint</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or above <see cref="CompactReader.MaxUInt"/>.</exception>
    public void UInt(long value)
    {
        if ((ulong)value <= MaxSingleByte && _position < _buffer.Length)
        {
            _buffer[_position++] = (byte)value;
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, CompactReader.MaxUInt);
        if (TryTake(LengthOf(value), out Span<byte> piece))
        {
            Put(piece, value);
        }
    }

    /// <summary>Writes <c>uint16</c>, 2 bytes.</summary>
    public void UInt16(ushort value)
    {
        if (TryTake(sizeof(ushort), out Span<byte> piece))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(piece, value);
        }
    }

    /// <summary>Writes <c>uint32</c>, 4 bytes.</summary>
    public void UInt32(uint value)
    {
        if (TryTake(sizeof(uint), out Span<byte> piece))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(piece, value);
        }
    }

    /// <summary>Writes bytes as they are: <c>fixed32</c>, <c>fixed64</c>, or what is encoded already.</summary>
    public void Fixed(scoped ReadOnlySpan<byte> bytes)
    {
        if (TryTake(bytes.Length, out Span<byte> piece))
        {
            bytes.CopyTo(piece);
        }
    }

    /// <summary>Writes a key as <c>fixed32</c>.</summary>
    public void Key(in Key256 key)
    {
        if (TryTake(Key256.ByteLength, out Span<byte> piece))
        {
            key.Write(piece);
        }
    }

    /// <summary>Writes <c>buffer</c>, or the UTF-8 of a <c>string</c>: the length and the bytes. An optional buffer that is absent is an empty one.</summary>
    public void Buffer(scoped ReadOnlySpan<byte> bytes)
    {
        UInt(bytes.Length);
        Fixed(bytes);
    }

    /// <summary>Begins a <c>buffer</c> whose length is not known yet.</summary>
    /// <returns>What <see cref="EndBuffer"/> wants to know.</returns>
    public int BeginBuffer()
    {
        int start = _position;
        TryTake(1, out _);
        return start;
    }

    /// <summary>Ends the buffer begun at <paramref name="start"/>; what is longer than 252 bytes moves to make room for its length.</summary>
    public void EndBuffer(int start)
    {
        if (Overflowed)
        {
            return;
        }

        Debug.Assert(start < _position);
        int length = _position - start - 1;
        int lengthOfLength = LengthOf(length);
        if (lengthOfLength > 1)
        {
            if (!TryTake(lengthOfLength - 1, out _))
            {
                return;
            }

            _buffer.Slice(start + 1, length).CopyTo(_buffer[(start + lengthOfLength)..]);
        }

        Put(_buffer.Slice(start, lengthOfLength), length);
    }

    /// <summary>Writes <c>ipv4Address</c>: 4 bytes and a little-endian port.</summary>
    /// <exception cref="ArgumentException">The endpoint is not IPv4: this network has no other.</exception>
    public void Endpoint(UdpEndpoint endpoint)
    {
        if (TryTake(CompactReader.EndpointLength, out Span<byte> piece))
        {
            RpcEndpoints.Write(piece, endpoint);
        }
    }

    /// <summary>Writes <c>ipv4Address</c>, or nothing: a flag tells which.</summary>
    /// <exception cref="ArgumentException">The endpoint is not IPv4.</exception>
    public void OptionalEndpoint(UdpEndpoint? endpoint)
    {
        if (endpoint is { } present)
        {
            Endpoint(present);
        }
    }

    /// <summary>Writes <c>ipv6Address</c>: 16 bytes and a little-endian port.</summary>
    /// <exception cref="ArgumentException">The endpoint is IPv4.</exception>
    public void EndpointIPv6(UdpEndpoint endpoint)
    {
        if (endpoint.IsIPv4)
        {
            throw new ArgumentException("An IPv4 address has no such form.", nameof(endpoint));
        }

        if (TryTake(18, out Span<byte> piece))
        {
            endpoint.WriteAddress(piece);
            BinaryPrimitives.WriteUInt16LittleEndian(piece[16..], endpoint.Port);
        }
    }

    /// <summary>Writes an array of <c>ipv4Address</c>.</summary>
    public void Endpoints(scoped RpcEndpoints endpoints)
    {
        UInt(endpoints.Count);
        Fixed(endpoints.Packed);
    }

    /// <summary>Writes the endpoints of contacts as an array of <c>ipv4Address</c>.</summary>
    public void Endpoints(scoped ReadOnlySpan<RpcContact> contacts)
    {
        UInt(contacts.Length);
        if (!TryTake(contacts.Length * CompactReader.EndpointLength, out Span<byte> piece))
        {
            return;
        }

        foreach (ref readonly RpcContact contact in contacts)
        {
            RpcEndpoints.Write(piece, contact.Endpoint);
            piece = piece[CompactReader.EndpointLength..];
        }
    }

    /// <summary>Sets bits of a byte that is written already.</summary>
    internal readonly void SetBits(int position, byte bits)
    {
        if (position < _position)
        {
            _buffer[position] |= bits;
        }
    }

    private static void Put(Span<byte> piece, long value)
    {
        switch (piece.Length)
        {
            case 1:
                piece[0] = (byte)value;
                break;
            case 3:
                piece[0] = 0xFD;
                BinaryPrimitives.WriteUInt16LittleEndian(piece[1..], (ushort)value);
                break;
            case 5:
                piece[0] = 0xFE;
                BinaryPrimitives.WriteUInt32LittleEndian(piece[1..], (uint)value);
                break;
            default:
                piece[0] = 0xFF;
                BinaryPrimitives.WriteInt64LittleEndian(piece[1..], value);
                break;
        }
    }

    private bool TryTake(int length, out Span<byte> piece)
    {
        if (length <= _buffer.Length - _position && !Overflowed)
        {
            piece = _buffer.Slice(_position, length);
            _position += length;
            return true;
        }

        // From here on nothing fits, so that no later piece can follow a gap.
        Overflowed = true;
        _buffer = default;
        _position = 0;
        piece = default;
        return false;
    }
}
