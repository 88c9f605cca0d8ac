using System.Diagnostics;

namespace Kadstone.Hyperswarm;

/// <summary>Walks the fields of one protobuf message, front to back. Never throws; after a false answer <see cref="Why"/> tells which end it was.</summary>
/// <remarks>Protocol Buffers encoding, proto2. Call order: a field, then its varint, its bytes, or skip.</remarks>
internal ref struct Gen1FieldReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;
    private int _fields;

    /// <summary>The number of the present field.</summary>
    public uint Number { get; private set; }

    /// <summary>How the present field is written.</summary>
    public Gen1WireType WireType { get; private set; }

    /// <summary>None at the end of the message; else what is wrong with it.</summary>
    public Gen1Malformed Why { get; private set; }

    /// <summary>Steps to the next field.</summary>
    /// <returns>False at the end, or when the message is malformed: <see cref="Why"/>.</returns>
    public bool TryNext()
    {
        if (_rest.IsEmpty || Why != Gen1Malformed.None)
        {
            return false;
        }

        if (++_fields > Gen1Reader.MaxFields)
        {
            return Fail(Gen1Malformed.TooManyFields);
        }

        if (!TryTakeVarint(out ulong tag))
        {
            return false;
        }

        // A field number has 29 bits, and none is 0.
        if (tag is < 8 or > uint.MaxValue)
        {
            return Fail(Gen1Malformed.NotProtobuf);
        }

        Number = (uint)tag >> 3;
        WireType = (Gen1WireType)(tag & 7);
        return true;
    }

    /// <summary>Reads the present field as a varint.</summary>
    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        return WireType == Gen1WireType.Varint ? TryTakeVarint(out value) : Fail(Gen1Malformed.WrongWireType);
    }

    /// <summary>Reads the present field as bytes.</summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        return WireType == Gen1WireType.Bytes ? TryTakeBytes(out value) : Fail(Gen1Malformed.WrongWireType);
    }

    /// <summary>Steps over the present field, whatever it is.</summary>
    public bool TrySkip()
    {
        Debug.Assert(Number != 0, "a field comes before its skip");
        return WireType switch
        {
            Gen1WireType.Varint => TryTakeVarint(out _),
            Gen1WireType.Fixed64 => TryTake(8, out _),
            Gen1WireType.Bytes => TryTakeBytes(out _),
            Gen1WireType.Fixed32 => TryTake(4, out _),
            _ => Fail(Gen1Malformed.NotProtobuf),
        };
    }

    private bool TryTakeBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryTakeVarint(out ulong length) && TryTake(length, out value);
    }

    private bool TryTake(ulong length, out ReadOnlySpan<byte> value)
    {
        if (length > (ulong)_rest.Length)
        {
            value = default;
            return Fail(Gen1Malformed.NotProtobuf);
        }

        value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    // At most 10 bytes; of the tenth only the lowest bit has a place in 64.
    private bool TryTakeVarint(out ulong value)
    {
        value = 0;
        int most = Math.Min(_rest.Length, Gen1Reader.MaxVarintLength);
        for (int i = 0; i < most; i++)
        {
            byte next = _rest[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return i < Gen1Reader.MaxVarintLength - 1 || next <= 1 || Fail(Gen1Malformed.NotProtobuf);
            }
        }

        return Fail(Gen1Malformed.NotProtobuf);
    }

    private bool Fail(Gen1Malformed why)
    {
        Why = why;
        _rest = default;
        return false;
    }
}
