using Kadstone.Libp2p;

namespace Kadstone.Daemon.Content;

/// <summary>The messages of bitswap that matter to one who has blocks: what is wanted, and the answer.</summary>
/// <remarks>Bitswap 1.2.0: message 1 wantlist, 3 payload, 4 block presences. A want's type 0 asks for the block, 1 for a word whether it is here.</remarks>
internal static class WantMessage
{
    /// <summary>Wants of one message that are read; the rest is dropped.</summary>
    public const int MaxWants = 1024;

    private const ulong Have = 0;
    private const ulong DontHave = 1;

    /// <summary>Reads the wants of a message; false when it is malformed. Cancellations and what is no CID are left out.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out List<Want> wants)
    {
        wants = [];
        ProtobufReader reader = new(message);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes) && !TryReadList(field.Bytes, wants))
            {
                return false;
            }
        }

        return !reader.IsMalformed;
    }

    /// <summary>A message with one block.</summary>
    public static byte[] OfBlock(Cid cid, ReadOnlySpan<byte> bytes)
    {
        // Version, codec, and the multihash without its digest: all but the last 32 bytes of version 1.
        ReadOnlySpan<byte> prefix = cid.Version == 0 ? [0, 0x70, 0x12, 0x20] : cid.Bytes.Span[..^DigestLength(cid)];
        byte[] inner = new byte[ProtobufWriter.BoundOf(prefix.Length) + ProtobufWriter.BoundOf(bytes.Length)];
        ProtobufWriter block = new(inner);
        block.WriteBytes(1, prefix);
        block.WriteBytes(2, bytes);
        return Framed(3, block.Written);
    }

    /// <summary>A message that says whether each of some blocks is here.</summary>
    public static byte[] OfPresences(IReadOnlyList<(Cid Cid, bool IsHere)> presences)
    {
        using MemoryStream message = new();
        Span<byte> inner = stackalloc byte[512];
        foreach ((Cid cid, bool isHere) in presences)
        {
            ProtobufWriter presence = new(inner);
            presence.WriteBytes(1, cid.Bytes.Span);
            presence.WriteVarint(2, isHere ? Have : DontHave);
            message.Write(Framed(4, presence.Written));
        }

        return message.ToArray();
    }

    private static bool TryReadList(ReadOnlySpan<byte> list, List<Want> wants)
    {
        ProtobufReader reader = new(list);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes) && wants.Count < MaxWants)
            {
                if (!TryReadWant(field.Bytes, out Want? want))
                {
                    return false;
                }

                if (want is not null)
                {
                    wants.Add(want);
                }
            }
        }

        return !reader.IsMalformed;
    }

    private static bool TryReadWant(ReadOnlySpan<byte> entry, out Want? want)
    {
        Cid? cid = null;
        ulong cancels = 0, type = 0, asksForAbsence = 0;
        ProtobufReader reader = new(entry);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                _ = Cid.TryRead(field.Bytes, out cid);
            }

            cancels = field.Is(3, ProtobufWireType.Varint) ? field.Value : cancels;
            type = field.Is(4, ProtobufWireType.Varint) ? field.Value : type;
            asksForAbsence = field.Is(5, ProtobufWireType.Varint) ? field.Value : asksForAbsence;
        }

        want = cid is null || cancels != 0 || cid.Bytes.Length > 256 ? null : new Want(cid, WantsBlock: type == 0, asksForAbsence != 0);
        return !reader.IsMalformed;
    }

    private static int DigestLength(Cid cid) => Multihash.TryRead(cid.Multihash.Span, out _, out ReadOnlySpan<byte> digest, out _) ? digest.Length : 0;

    private static byte[] Framed(int field, ReadOnlySpan<byte> inner)
    {
        byte[] bytes = new byte[ProtobufWriter.BoundOf(inner.Length) + 1];
        ProtobufWriter message = new(bytes);
        message.WriteBytes(field, inner);
        return message.Written.ToArray();
    }
}

/// <param name="Cid">Which block.</param>
/// <param name="WantsBlock">Whether the block itself is wanted, or a word.</param>
/// <param name="AsksForAbsence">Whether a word is wanted also when it is not here.</param>
internal sealed record Want(Cid Cid, bool WantsBlock, bool AsksForAbsence);
