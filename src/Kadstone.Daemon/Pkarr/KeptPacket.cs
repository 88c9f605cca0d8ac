using System.Buffers.Binary;
using Kadstone.Storage;

namespace Kadstone.Daemon.Pkarr;

/// <summary>A packet that is put again and again, and what is known of it.</summary>
/// <param name="Packet">The newest of its key.</param>
/// <param name="Holders">How many nodes hold it, as the last round saw it.</param>
/// <param name="SeenAt">When it was last seen to be what stands in the DHT.</param>
/// <param name="PublishedAt">When the last round was.</param>
/// <param name="WantedAt">When the owner last published it here.</param>
/// <param name="DueAt">When the next round is.</param>
/// <param name="Revision">How often this has changed: the store keeps the last.</param>
internal sealed record KeptPacket(
    PkarrPacket Packet,
    int Holders,
    DateTimeOffset SeenAt,
    DateTimeOffset PublishedAt,
    DateTimeOffset WantedAt,
    DateTimeOffset DueAt,
    long Revision)
{
    private const byte Format = 1;
    private const int HeadLength = 1 + sizeof(ushort) + (3 * sizeof(long));

    /// <summary>How it lies in the store.</summary>
    public StoredRecord ToRecord(TimeSpan keepFor, DateTimeOffset now)
    {
        byte[] value = new byte[HeadLength + PkarrPacket.MinPayloadLength + Packet.Message.Length];
        value[0] = Format;
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(1), (ushort)Math.Min(Holders, ushort.MaxValue));
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(3), Microseconds.Of(SeenAt));
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(11), Microseconds.Of(PublishedAt));
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(19), Microseconds.Of(WantedAt));
        Packet.ToPayload().CopyTo(value.AsSpan(HeadLength));
        return new StoredRecord(value, Revision, WantedAt + keepFor, now);
    }

    /// <summary>Null when the bytes are none of ours: a damaged store must not become an answer.</summary>
    public static KeptPacket? TryRead(KeyedRecord row)
    {
        ReadOnlySpan<byte> value = row.Record.Value.Span;
        if (value.Length < HeadLength
            || value[0] != Format
            || !PkarrKey.TryCreate(row.Key.Span, out PkarrKey? key)
            || !PkarrPacket.TryReadPayload(key, value[HeadLength..], out PkarrPacket? packet, out _)
            || Microseconds.TryToDate(BinaryPrimitives.ReadInt64BigEndian(value[3..])) is not DateTimeOffset seenAt
            || Microseconds.TryToDate(BinaryPrimitives.ReadInt64BigEndian(value[11..])) is not DateTimeOffset publishedAt
            || Microseconds.TryToDate(BinaryPrimitives.ReadInt64BigEndian(value[19..])) is not DateTimeOffset wantedAt)
        {
            return null;
        }

        return new KeptPacket(packet, BinaryPrimitives.ReadUInt16BigEndian(value[1..]), seenAt, publishedAt, wantedAt, publishedAt, row.Record.Sequence);
    }
}
