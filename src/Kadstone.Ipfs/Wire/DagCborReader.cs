using System.Buffers.Binary;

namespace Kadstone.Ipfs.Wire;

/// <summary>Reads DAG-CBOR, front to back, without allocating and without ever throwing: the shortest numbers only, and no indefinite lengths.</summary>
internal ref struct DagCborReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 8;
    private const int Unsigned = 0;
    private const int Negative = 1;
    private const int ByteString = 2;
    private const int TextString = 3;
    private const int Array = 4;
    private const int Map = 5;
    private const int Tag = 6;

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public bool TryReadMap(out ulong pairs) => TryReadHead(out int major, out pairs) && major == Map;

    public bool TryReadUnsigned(out ulong value) => TryReadHead(out int major, out value) && major == Unsigned;

    public bool TryReadBytes(out ReadOnlySpan<byte> value) => TryReadString(ByteString, out value);

    public bool TryReadText(out ReadOnlySpan<byte> value) => TryReadString(TextString, out value);

    /// <summary>Passes over one value of any kind.</summary>
    public bool TrySkip() => TrySkip(0);

    private bool TrySkip(int depth)
    {
        if (depth > MaxDepth || !TryReadHead(out int major, out ulong argument))
        {
            return false;
        }

        switch (major)
        {
            case Unsigned or Negative:
                return true;
            case ByteString or TextString:
                return TryTake(argument, out _);
            case Array or Map:
                for (ulong left = major == Map ? argument * 2 : argument; left > 0; left--)
                {
                    if (!TrySkip(depth + 1))
                    {
                        return false;
                    }
                }

                return major != Map || argument <= ulong.MaxValue / 2;
            case Tag:
                return TrySkip(depth + 1);
            default:
                return true;
        }
    }

    private bool TryReadString(int kind, out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryReadHead(out int major, out ulong length) && major == kind && TryTake(length, out value);
    }

    private bool TryTake(ulong length, out ReadOnlySpan<byte> value)
    {
        bool isThere = length <= (ulong)_rest.Length;
        value = isThere ? _rest[..(int)length] : default;
        _rest = isThere ? _rest[(int)length..] : _rest;
        return isThere;
    }

    private bool TryReadHead(out int major, out ulong argument)
    {
        major = 0;
        argument = 0;
        if (_rest.IsEmpty)
        {
            return false;
        }

        major = _rest[0] >> 5;
        int more = _rest[0] & 0x1F;
        _rest = _rest[1..];
        if (more < 24)
        {
            argument = (ulong)more;
            return true;
        }

        if (more > 27 || !TryTake(1UL << (more - 24), out ReadOnlySpan<byte> number))
        {
            return false;
        }

        argument = number.Length switch
        {
            1 => number[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(number),
            4 => BinaryPrimitives.ReadUInt32BigEndian(number),
            _ => BinaryPrimitives.ReadUInt64BigEndian(number),
        };
        ulong least = number.Length switch { 1 => 24, 2 => 1UL << 8, 4 => 1UL << 16, _ => 1UL << 32 };

        // Of major type 7 those are floats, of which all bit patterns are as short as they get.
        return argument >= least || major == 7;
    }
}
