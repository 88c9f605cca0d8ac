namespace Kadstone.Libp2p;

/// <summary>One field of a protobuf message. Its bytes are a part of the message, not a copy.</summary>
public readonly ref struct ProtobufField
{
    internal ProtobufField(int number, ProtobufWireType type, ulong value, ReadOnlySpan<byte> bytes)
    {
        Number = number;
        Type = type;
        Value = value;
        Bytes = bytes;
    }

    /// <summary>Its number, 1 to 2^29 - 1.</summary>
    public int Number { get; }

    /// <summary>Its form.</summary>
    public ProtobufWireType Type { get; }

    /// <summary>The number in it; 0 if it holds bytes.</summary>
    public ulong Value { get; }

    /// <summary>The bytes in it; empty if it holds a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Whether it is that field in that form. A field of another form is as good as unknown.</summary>
    public bool Is(int number, ProtobufWireType type) => Number == number && Type == type;
}
