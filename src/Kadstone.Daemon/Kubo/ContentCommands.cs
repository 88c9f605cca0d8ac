using System.Globalization;
using Kadstone.Daemon.Content;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Kubo;

/// <summary>What puts blocks into the node, so that they may be provided.</summary>
internal sealed class ContentCommands(BlockShelf blocks)
{
    private const int MaxBlockLength = 2 << 20;
    private const ulong DagCborCodec = 0x71;
    private const string DefaultChunker = "size-262144";

    // What would lead to another CID than the client expects, and is not done here.
    private static readonly string[] s_unserved = ["wrap-with-directory", "trickle", "nocopy", "fscache", "inline"];

    public IEnumerable<(string, KuboCommand)> All => [("add", AddAsync), ("block/put", PutBlockAsync), ("object/new", NewObjectAsync)];

    private async Task AddAsync(KuboCall call, CancellationToken cancellationToken)
    {
        foreach (string option in s_unserved.Where(call.Flag))
        {
            throw KuboException.BadArgument($"option \"{option}\" is not served here");
        }

        if (call.Option("chunker") is string chunker && chunker != DefaultChunker)
        {
            throw KuboException.BadArgument($"option \"chunker\" is {DefaultChunker} here");
        }

        RequireSha256(call.Option("hash"));
        int version = call.Number("cid-version", 0, 0, 1);
        bool rawLeaves = call.Option("raw-leaves") is null ? version == 1 : call.Flag("raw-leaves");
        bool keeps = !call.Flag("only-hash");
        await foreach (UploadedFile file in call.FilesAsync(UnixFs.MaxFileLength, cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<Block> made = UnixFs.Cut(file.Content, version, rawLeaves);
            foreach (Block block in made.Where(_ => keeps))
            {
                blocks.Add(block.Cid, block.Bytes);
            }

            Block root = made[^1];
            string hash = root.Cid.ToString();
            KuboAdded added = new(file.Name.Length > 0 ? file.Name : hash, hash, root.TotalLength.ToString(CultureInfo.InvariantCulture));
            await call.WriteLineAsync(added, KuboJson.Default.KuboAdded, cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task PutBlockAsync(KuboCall call, CancellationToken cancellationToken)
    {
        RequireSha256(call.Option("mhtype"));

        // "format" is the older name; its v0 and protobuf are dag-pb under a CID of version 0.
        string format = call.Option("format") ?? call.Option("cid-codec") ?? "raw";
        bool isVersion0 = format is "v0" or "protobuf" or "dag-pb" && call.Option("format") is not null && call.Number("cid-version", 0, 0, 1) == 0;
        ulong codec = format switch
        {
            "raw" => Cid.RawCodec,
            "dag-pb" or "protobuf" or "v0" => Cid.DagPbCodec,
            "dag-cbor" or "cbor" => DagCborCodec,
            _ => throw KuboException.BadArgument($"unknown codec \"{format}\""),
        };
        await foreach (UploadedFile file in call.FilesAsync(MaxBlockLength, cancellationToken).ConfigureAwait(false))
        {
            byte[] multihash = Multihash.OfSha256(file.Content);
            Cid cid = isVersion0 && Cid.TryRead(multihash, out Cid? plain) ? plain : Cid.Create(codec, multihash);
            blocks.Add(cid, file.Content);
            await call.WriteLineAsync(new KuboBlock(cid.ToString(), file.Content.Length), KuboJson.Default.KuboBlock, cancellationToken).ConfigureAwait(false);
        }

        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    // The clients of old explode the template's name into options: what does not come as an argument is no template.
    private Task NewObjectAsync(KuboCall call, CancellationToken cancellationToken)
    {
        Block block = call.Arguments.Count > 0 && call.Arguments[0] == "unixfs-dir" ? UnixFs.EmptyDirectory : UnixFs.EmptyNode;
        blocks.Add(block.Cid, block.Bytes);
        return call.AnswerAsync(new KuboObject(block.Cid.ToString(), []), KuboJson.Default.KuboObject, cancellationToken);
    }

    private static void RequireSha256(string? hash)
    {
        if (hash is not (null or "sha2-256"))
        {
            throw KuboException.BadArgument("blocks are hashed with sha2-256 here");
        }
    }
}
