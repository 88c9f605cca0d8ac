using System.Text;

namespace Kadstone.Ipfs.Wire;

/// <summary>A value under a key, and when who sends it stored it.</summary>
internal sealed record KadRecord(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, Rfc3339Time? TimeReceived)
{
    /// <summary>1,024: the longest key.</summary>
    public const int MaxKeyLength = 1024;

    public static KadRecord? TryRead(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        Rfc3339Time? received = null;
        ProtobufReader reader = new(bytes);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                key = field.Bytes;
            }
            else if (field.Is(2, ProtobufWireType.Bytes))
            {
                value = field.Bytes;
            }
            else if (field.Is(5, ProtobufWireType.Bytes))
            {
                received = Rfc3339Time.TryParse(field.Bytes, out Rfc3339Time time) ? time : null;
            }
        }

        return reader.IsMalformed || key.Length > MaxKeyLength ? null : new KadRecord(key.ToArray(), value.ToArray(), received);
    }

    public byte[] Encode()
    {
        byte[] buffer = new byte[ProtobufWriter.BoundOf(Key.Length) + ProtobufWriter.BoundOf(Value.Length) + ProtobufWriter.BoundOf(Rfc3339Time.MaxTextLength)];
        ProtobufWriter writer = new(buffer);
        if (Key.Length > 0)
        {
            writer.WriteBytes(1, Key.Span);
        }

        if (Value.Length > 0)
        {
            writer.WriteBytes(2, Value.Span);
        }

        if (TimeReceived is Rfc3339Time received)
        {
            writer.WriteBytes(5, Encoding.ASCII.GetBytes(received.ToString()));
        }

        return writer.Written.ToArray();
    }

    public bool Equals(KadRecord? other) => other is not null && Key.Span.SequenceEqual(other.Key.Span) && Value.Span.SequenceEqual(other.Value.Span) && TimeReceived == other.TimeReceived;

    public override int GetHashCode() => HashCode.Combine(Key.Length, Value.Length, TimeReceived);
}
