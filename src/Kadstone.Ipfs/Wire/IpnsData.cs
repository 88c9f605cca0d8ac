namespace Kadstone.Ipfs.Wire;

/// <summary>The signed part of an IPNS record: a DAG-CBOR map.</summary>
internal sealed record IpnsData(ReadOnlyMemory<byte> Value, ReadOnlyMemory<byte> Validity, ulong ValidityType, ulong Sequence, ulong TimeToLive)
{
    private const ulong MaxPairs = 64;

    /// <summary>Reads the map; keys beyond the five are passed over, a key twice is refused.</summary>
    public static IpnsData? TryRead(ReadOnlySpan<byte> bytes)
    {
        DagCborReader reader = new(bytes);
        if (!reader.TryReadMap(out ulong pairs) || pairs > MaxPairs)
        {
            return null;
        }

        IpnsData data = new(default, default, 0, 0, 0);
        int found = 0;
        for (ulong i = 0; i < pairs; i++)
        {
            if (!reader.TryReadText(out ReadOnlySpan<byte> key))
            {
                return null;
            }

            int bit = key.SequenceEqual("TTL"u8) ? 1 : key.SequenceEqual("Value"u8) ? 2 : key.SequenceEqual("Sequence"u8) ? 4
                : key.SequenceEqual("Validity"u8) ? 8 : key.SequenceEqual("ValidityType"u8) ? 16 : 0;
            ulong number = 0;
            ReadOnlySpan<byte> text = default;
            bool isRead = bit switch { 0 => reader.TrySkip(), 2 or 8 => reader.TryReadBytes(out text), _ => reader.TryReadUnsigned(out number) };
            if (!isRead || (found & bit) != 0)
            {
                return null;
            }

            found |= bit;
            data = bit switch
            {
                1 => data with { TimeToLive = number },
                2 => data with { Value = text.ToArray() },
                4 => data with { Sequence = number },
                8 => data with { Validity = text.ToArray() },
                16 => data with { ValidityType = number },
                _ => data,
            };
        }

        const int All = 31;
        return found == All && reader.IsAtEnd ? data : null;
    }

    public byte[] Encode()
    {
        DagCborWriter writer = new();
        writer.WriteMap(5);
        writer.WriteText("TTL"u8);
        writer.WriteUnsigned(TimeToLive);
        writer.WriteText("Value"u8);
        writer.WriteBytes(Value.Span);
        writer.WriteText("Sequence"u8);
        writer.WriteUnsigned(Sequence);
        writer.WriteText("Validity"u8);
        writer.WriteBytes(Validity.Span);
        writer.WriteText("ValidityType"u8);
        writer.WriteUnsigned(ValidityType);
        return writer.ToArray();
    }
}
