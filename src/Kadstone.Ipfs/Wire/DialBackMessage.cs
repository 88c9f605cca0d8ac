namespace Kadstone.Ipfs.Wire;

/// <summary>The two messages of AutoNAT, version 1: "dial me at these addresses", and what came of it.</summary>
/// <remarks>libp2p specification, "AutoNAT v1".</remarks>
internal static class DialBackMessage
{
    public const string Protocol = "/libp2p/autonat/1.0.0";

    /// <summary>8,192: the longest answer that is read.</summary>
    public const int MaxLength = 8 * 1024;

    private const int Request = 0;
    private const int Response = 1;

    /// <summary>Asks to be dialed.</summary>
    public static byte[] Encode(PeerId self, IReadOnlyList<Multiaddr> addresses)
    {
        byte[] peer = Written(ProtobufWriter.BoundOf(self.Bytes.Length) + addresses.Sum(address => ProtobufWriter.BoundOf(address.Bytes.Length) + 1) + 1, (ref ProtobufWriter writer) =>
        {
            writer.WriteBytes(1, self.Bytes.Span);
            foreach (Multiaddr address in addresses)
            {
                writer.WriteBytes(2, address.Bytes.Span);
            }
        });
        byte[] dial = Written(ProtobufWriter.BoundOf(peer.Length) + 1, (ref ProtobufWriter writer) => writer.WriteBytes(1, peer));
        return Written(ProtobufWriter.BoundOf(dial.Length) + 3, (ref ProtobufWriter writer) =>
        {
            writer.WriteVarint(1, Request);
            writer.WriteBytes(2, dial);
        });
    }

    /// <summary>Reads what came of it; null when it is no such answer.</summary>
    public static DialBackStatus? TryRead(ReadOnlySpan<byte> message)
    {
        bool isResponse = false;
        DialBackStatus? status = null;
        ProtobufReader reader = new(message);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Varint))
            {
                isResponse = field.Value == Response;
            }
            else if (field.Is(3, ProtobufWireType.Bytes))
            {
                status = StatusOf(field.Bytes);
            }
        }

        return reader.IsMalformed || !isResponse ? null : status;
    }

    private static DialBackStatus? StatusOf(ReadOnlySpan<byte> response)
    {
        // One that writes no zeros says by nothing at all that it reached us.
        ulong status = (ulong)DialBackStatus.Reached;
        ProtobufReader reader = new(response);
        while (reader.TryRead(out ProtobufField field))
        {
            status = field.Is(1, ProtobufWireType.Varint) ? field.Value : status;
        }

        return reader.IsMalformed ? null : status switch
        {
            (ulong)DialBackStatus.Reached => DialBackStatus.Reached,
            (ulong)DialBackStatus.NotReached => DialBackStatus.NotReached,
            (ulong)DialBackStatus.Misunderstood => DialBackStatus.Misunderstood,
            _ => DialBackStatus.Refused,
        };
    }

    private delegate void Write(ref ProtobufWriter writer);

    private static byte[] Written(int bound, Write write)
    {
        ProtobufWriter writer = new(new byte[bound]);
        write(ref writer);
        return writer.Written.ToArray();
    }
}
