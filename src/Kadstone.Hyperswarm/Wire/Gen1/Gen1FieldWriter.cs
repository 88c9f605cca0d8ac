namespace Kadstone.Hyperswarm;

/// <summary>Writes protobuf fields into a span; a full buffer sets <see cref="Overflowed"/>.</summary>
/// <remarks>Protocol Buffers encoding, proto2. The schemas know field numbers of 1 to 7 only: a tag has one byte.</remarks>
internal ref struct Gen1FieldWriter(Span<byte> buffer)
{
    private readonly int _capacity = buffer.Length;
    private Span<byte> _rest = buffer;

    /// <summary>Whether something did not fit.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The bytes written; 0 after an overflow.</summary>
    public readonly int Length => Overflowed ? 0 : _capacity - _rest.Length;

    /// <summary>Writes a varint field.</summary>
    public void Varint(int number, uint value)
    {
        Tag(number, Gen1WireType.Varint);
        BareVarint(value);
    }

    /// <summary>Writes a field of bytes.</summary>
    public void Bytes(int number, scoped ReadOnlySpan<byte> value) => value.TryCopyTo(Reserve(number, value.Length));

    /// <summary>Begins a field of bytes and steps over them.</summary>
    /// <returns>The place to write them to; empty when they do not fit.</returns>
    public Span<byte> Reserve(int number, int length)
    {
        Tag(number, Gen1WireType.Bytes);
        BareVarint((uint)length);
        return Take(length);
    }

    /// <summary>Steps over bytes that stand before the first field.</summary>
    /// <returns>The place to write them to; empty when they do not fit.</returns>
    public Span<byte> Take(int length)
    {
        if (_rest.Length < length)
        {
            Overflow();
            return default;
        }

        Span<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    private void Tag(int number, Gen1WireType wireType) => BareByte((byte)((number << 3) | (int)wireType));

    private void BareVarint(uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            BareByte((byte)(value | 0x80));
        }

        BareByte((byte)value);
    }

    private void BareByte(byte value)
    {
        if (_rest.IsEmpty)
        {
            Overflow();
            return;
        }

        _rest[0] = value;
        _rest = _rest[1..];
    }

    // From here on nothing fits, so that no later piece can follow a gap.
    private void Overflow()
    {
        Overflowed = true;
        _rest = default;
    }
}
