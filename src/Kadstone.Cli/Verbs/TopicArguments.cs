using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary>INFOHASH|MAGNET, and where a link to a mutable item leads.</summary>
internal static class TopicArguments
{
    internal static Argument<Topic> Create() =>
        CommonOptions.Argument("INFOHASH|MAGNET", "40 hexadecimal digits or a magnet link (btih, btmh, btpk).", Topic.Parse);

    /// <summary>The infohashes of the topic; those of a link by public key are looked up (BEP 46).</summary>
    internal static async Task<IReadOnlyList<Key160>> ResolveAsync(MainlineDht dht, Topic topic, CancellationToken cancellationToken)
    {
        if (topic.InfoHashes.Count > 0)
        {
            return topic.InfoHashes;
        }

        FoundItem item = await dht.GetMutableAsync(topic.PublicKey, topic.Salt, cancellationToken)
            ?? throw new CommandFailedException(ExitCode.NothingFound, "nobody stores the item that the magnet link leads to.");
        return item.Value.TryGetInfoHash(out Key160 infoHash)
            ? [infoHash]
            : throw new CommandFailedException(ExitCode.NothingFound, "the item that the magnet link leads to names no torrent.");
    }
}
