using System.Buffers.Binary;

namespace Kadstone.Libp2p;

/// <summary>Reads the fields of a protobuf message, front to back, without allocating and without ever throwing.</summary>
/// <example>
/// <code>
/// ProtobufReader reader = new(message);
/// while (reader.TryRead(out ProtobufField field)) { if (field.Is(1, ProtobufWireType.Bytes)) key = field.Bytes; }
/// if (reader.IsMalformed) return false;
/// </code>
/// </example>
/// <remarks>Fields come in any order, unknown ones among them; of one that may stand there once, the last counts. Groups are refused.</remarks>
public ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int MaxVarintLength = 10;
    private const int MaxFieldNumber = (1 << 29) - 1;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Whether reading ended at something that is no field, and not at the end.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Reads the next field; false at the end and at what is no field.</summary>
    public bool TryRead(out ProtobufField field)
    {
        field = default;
        if (IsMalformed || _rest.IsEmpty)
        {
            return false;
        }

        if (TryReadVarint(out ulong tag) && tag >> 3 is > 0 and <= MaxFieldNumber && TryReadValue((ProtobufWireType)(tag & 7), (int)(tag >> 3), out field))
        {
            return true;
        }

        IsMalformed = true;
        return false;
    }

    private bool TryReadValue(ProtobufWireType type, int number, out ProtobufField field)
    {
        field = default;
        ulong value = 0;
        ReadOnlySpan<byte> bytes = default;
        switch (type)
        {
            case ProtobufWireType.Varint:
                if (!TryReadVarint(out value))
                {
                    return false;
                }

                break;
            case ProtobufWireType.Bytes:
                if (!TryReadVarint(out ulong length) || length > (ulong)_rest.Length)
                {
                    return false;
                }

                bytes = _rest[..(int)length];
                _rest = _rest[(int)length..];
                break;
            case ProtobufWireType.Fixed64 when _rest.Length >= sizeof(ulong):
                value = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                _rest = _rest[sizeof(ulong)..];
                break;
            case ProtobufWireType.Fixed32 when _rest.Length >= sizeof(uint):
                value = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
                _rest = _rest[sizeof(uint)..];
                break;
            default:
                return false;
        }

        field = new ProtobufField(number, type, value, bytes);
        return true;
    }

    private bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (int i = 0; i < _rest.Length && i < MaxVarintLength; i++)
        {
            byte next = _rest[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next <= 0x7F)
            {
                _rest = _rest[(i + 1)..];
                return i < MaxVarintLength - 1 || next <= 1;
            }
        }

        return false;
    }
}
