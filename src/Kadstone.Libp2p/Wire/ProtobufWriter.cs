using System.Text;

namespace Kadstone.Libp2p;

/// <summary>Writes the fields of a protobuf message into a span, in the order of the calls.</summary>
/// <remarks>What does not fit is not written, and <see cref="Overflowed"/> says so from then on.</remarks>
public ref struct ProtobufWriter(Span<byte> destination)
{
    private const int MaxVarintLength = 10;

    private readonly Span<byte> _destination = destination;

    /// <summary>How many bytes are written.</summary>
    public int Length { get; private set; }

    /// <summary>Whether something did not fit; what is written is of no use then.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>What is written.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    /// <summary>An upper bound of what a field with so many bytes takes.</summary>
    public static int BoundOf(int byteCount) => byteCount + MaxVarintLength;

    /// <summary>Writes a number, 0 too.</summary>
    public void WriteVarint(int field, ulong value)
    {
        Varint(((ulong)field << 3) | (ulong)ProtobufWireType.Varint);
        Varint(value);
    }

    /// <summary>Writes bytes, or a message that is written already; none too.</summary>
    public void WriteBytes(int field, scoped ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)field << 3) | (ulong)ProtobufWireType.Bytes);
        Varint((ulong)bytes.Length);
        if (Overflowed || bytes.Length > _destination.Length - Length)
        {
            Overflowed = true;
            return;
        }

        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
    }

    /// <summary>Writes the head of a field of so many bytes, and gives the room for them, which the caller fills. Empty when it does not fit.</summary>
    public Span<byte> Reserve(int field, int byteCount)
    {
        Varint(((ulong)field << 3) | (ulong)ProtobufWireType.Bytes);
        Varint((ulong)byteCount);
        if (Overflowed || byteCount < 0 || byteCount > _destination.Length - Length)
        {
            Overflowed = true;
            return default;
        }

        Length += byteCount;
        return _destination.Slice(Length - byteCount, byteCount);
    }

    /// <summary>Writes a text as UTF-8.</summary>
    public void WriteString(int field, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int byteCount = Encoding.UTF8.GetByteCount(text);
        Varint(((ulong)field << 3) | (ulong)ProtobufWireType.Bytes);
        Varint((ulong)byteCount);
        if (Overflowed || byteCount > _destination.Length - Length)
        {
            Overflowed = true;
            return;
        }

        Length += Encoding.UTF8.GetBytes(text, _destination[Length..]);
    }

    private void Varint(ulong value)
    {
        do
        {
            if (Overflowed || Length == _destination.Length)
            {
                Overflowed = true;
                return;
            }

            _destination[Length++] = (byte)(value > 0x7F ? value | 0x80 : value);
            value >>= 7;
        }
        while (value > 0);
    }
}
