using System.Buffers.Binary;

namespace Kadstone.Ipfs.Wire;

/// <summary>Writes DAG-CBOR. The order of a map's keys is the caller's business: shorter ones first, then by their bytes.</summary>
internal sealed class DagCborWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public void WriteMap(int pairs) => WriteHead(5, (ulong)pairs);

    public void WriteUnsigned(ulong value) => WriteHead(0, value);

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteHead(2, (ulong)value.Length);
        _bytes.AddRange(value);
    }

    public void WriteText(ReadOnlySpan<byte> value)
    {
        WriteHead(3, (ulong)value.Length);
        _bytes.AddRange(value);
    }

    private void WriteHead(int major, ulong argument)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(number, argument);
        int length = argument switch { < 24 => 0, <= byte.MaxValue => 1, <= ushort.MaxValue => 2, <= uint.MaxValue => 4, _ => 8 };
        int more = length switch { 0 => (int)argument, 1 => 24, 2 => 25, 4 => 26, _ => 27 };
        _bytes.Add((byte)((major << 5) | more));
        _bytes.AddRange(number[(sizeof(ulong) - length)..]);
    }
}
