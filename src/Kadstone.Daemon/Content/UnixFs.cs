using Kadstone.Libp2p;

namespace Kadstone.Daemon.Content;

/// <summary>From a file to its blocks, as Kubo's <c>add</c> makes them without options: pieces of 256 KiB under one root.</summary>
/// <remarks>UnixFS 1 in dag-pb. One level of links: a file has at most <see cref="MaxFileLength"/> bytes.</remarks>
internal static class UnixFs
{
    private const int PieceLength = 256 << 10;
    private const int MaxLinks = 174;
    private const int Directory = 1;
    private const int File = 2;

    /// <summary>174 pieces of 256 KiB.</summary>
    public const int MaxFileLength = PieceLength * MaxLinks;

    /// <summary>The block of an empty directory, QmUNLLsP….</summary>
    public static Block EmptyDirectory { get; } = Plain(Directory, [], hasSize: false);

    /// <summary>The block of no bytes at all in dag-pb, QmdfTbBq….</summary>
    public static Block EmptyNode { get; } = new(Version0(Multihash.OfSha256([])), [], 0);

    /// <summary>Cuts a file into blocks; the last one is its root.</summary>
    /// <param name="content">The file.</param>
    /// <param name="version">1 names the root by a CID of version 1.</param>
    /// <param name="rawLeaves">Whether the pieces are blocks without a frame.</param>
    public static IReadOnlyList<Block> Cut(ReadOnlySpan<byte> content, int version, bool rawLeaves)
    {
        List<Block> blocks = [];
        for (int at = 0; at == 0 || at < content.Length; at += PieceLength)
        {
            ReadOnlySpan<byte> piece = content[at..Math.Min(at + PieceLength, content.Length)];
            blocks.Add(rawLeaves ? new Block(Cid.OfRaw(piece), piece.ToArray(), piece.Length) : InVersion(version, Plain(File, piece, hasSize: true)));
        }

        if (blocks.Count > 1)
        {
            blocks.Add(InVersion(version, Root(blocks, content.Length)));
        }

        return blocks;
    }

    /// <summary>The given blocks and all here that they link to, each once and at most <paramref name="limit"/>.</summary>
    public static IReadOnlyList<Cid> Reachable(IEnumerable<Cid> roots, BlockShelf blocks, int limit)
    {
        List<Cid> found = [.. roots.Distinct()];
        HashSet<Cid> seen = [.. found];
        for (int at = 0; at < found.Count && found.Count < limit; at++)
        {
            if (found[at].Codec == Cid.DagPbCodec && blocks.TryGet(found[at], out byte[]? bytes))
            {
                found.AddRange(LinksOf(bytes).Where(link => blocks.Has(link) && seen.Add(link)));
            }
        }

        return [.. found.Take(limit)];
    }

    private static List<Cid> LinksOf(byte[] node)
    {
        List<Cid> links = [];
        ProtobufReader reader = new(node);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(2, ProtobufWireType.Bytes) && HashOf(field.Bytes) is Cid link)
            {
                links.Add(link);
            }
        }

        return links;
    }

    private static Cid? HashOf(ReadOnlySpan<byte> link)
    {
        ProtobufReader reader = new(link);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                return Cid.TryRead(field.Bytes, out Cid? cid) ? cid : null;
            }
        }

        return null;
    }

    private static Block Root(List<Block> pieces, int length)
    {
        byte[] inner = new byte[32 + (pieces.Count * 8)];
        ProtobufWriter data = new(inner);
        data.WriteVarint(1, File);
        data.WriteVarint(3, (ulong)length);
        for (int left = length; left > 0; left -= PieceLength)
        {
            data.WriteVarint(4, (ulong)Math.Min(left, PieceLength));
        }

        byte[] outer = new byte[64 + data.Length + (pieces.Count * 64)];
        ProtobufWriter node = new(outer);
        byte[] linkBytes = new byte[64];
        foreach (Block piece in pieces)
        {
            ProtobufWriter link = new(linkBytes);
            link.WriteBytes(1, piece.Cid.Bytes.Span);
            link.WriteString(2, "");
            link.WriteVarint(3, (ulong)piece.TotalLength);
            node.WriteBytes(2, link.Written);
        }

        node.WriteBytes(1, data.Written);
        byte[] bytes = node.Written.ToArray();
        return new Block(Version0(Multihash.OfSha256(bytes)), bytes, bytes.Length + pieces.Sum(piece => piece.TotalLength));
    }

    private static Block Plain(ulong type, ReadOnlySpan<byte> content, bool hasSize)
    {
        byte[] inner = new byte[32 + content.Length];
        ProtobufWriter data = new(inner);
        data.WriteVarint(1, type);
        if (!content.IsEmpty)
        {
            data.WriteBytes(2, content);
        }

        if (hasSize)
        {
            data.WriteVarint(3, (ulong)content.Length);
        }

        byte[] outer = new byte[16 + data.Length];
        ProtobufWriter node = new(outer);
        node.WriteBytes(1, data.Written);
        byte[] bytes = node.Written.ToArray();
        return new Block(Version0(Multihash.OfSha256(bytes)), bytes, bytes.Length);
    }

    private static Block InVersion(int version, Block block) => version == 1 ? block with { Cid = block.Cid.ToVersion1() } : block;

    private static Cid Version0(byte[] multihash) =>
        Cid.TryRead(multihash, out Cid? cid) ? cid : throw new InvalidOperationException("A SHA-256 multihash is a CID of version 0.");
}

/// <param name="Cid">Its name.</param>
/// <param name="Bytes">What it holds.</param>
/// <param name="TotalLength">Its bytes and those of all that it links to.</param>
internal sealed record Block(Cid Cid, byte[] Bytes, long TotalLength);
