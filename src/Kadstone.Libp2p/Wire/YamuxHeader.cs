using System.Buffers.Binary;

namespace Kadstone.Libp2p;

/// <summary>The head of a Yamux frame: twelve bytes.</summary>
/// <param name="Type">What the frame is.</param>
/// <param name="Flags">What it does to its stream besides.</param>
/// <param name="StreamId">Its stream; 0 is the session.</param>
/// <param name="Length">The bytes that follow (data), or the number that the frame tells (window, ping, reason).</param>
/// <remarks>The Yamux specification, version 0.</remarks>
internal readonly record struct YamuxHeader(YamuxType Type, YamuxFlags Flags, uint StreamId, uint Length)
{
    /// <summary>12.</summary>
    public const int ByteLength = 12;

    /// <summary>False for a version, a type or a flag that does not exist. Takes twelve bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out YamuxHeader header)
    {
        header = new YamuxHeader(
            (YamuxType)bytes[1],
            (YamuxFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
        return bytes[0] == 0 && header.Type <= YamuxType.GoAway && header.Flags <= YamuxFlags.All;
    }

    public void Write(Span<byte> destination)
    {
        destination[0] = 0;
        destination[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Length);
    }

    public bool Has(YamuxFlags flag) => (Flags & flag) != 0;
}
