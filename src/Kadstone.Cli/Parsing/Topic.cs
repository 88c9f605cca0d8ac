using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Parsing;

/// <summary>What the user wants to know of: a torrent by its infohash or magnet link, or the item that points to one.</summary>
/// <param name="InfoHashes">One; of a hybrid magnet link two; of a link to a mutable item none.</param>
/// <param name="PublicKey">The key of the mutable item (BEP 46); empty when there is none.</param>
/// <param name="Salt">Its salt.</param>
internal sealed record Topic(IReadOnlyList<Key160> InfoHashes, ReadOnlyMemory<byte> PublicKey, ReadOnlyMemory<byte> Salt)
{
    internal static Topic Parse(string text)
    {
        if (!text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase))
        {
            return new Topic([Keys.InfoHash(text)], default, default);
        }

        if (!MagnetLink.TryParse(text, out MagnetLink? link, out string? error))
        {
            throw new FormatException($"is no link that can be followed: {error.TrimEnd('.')}; xt=urn:btih:HEX40, xt=urn:btmh or xs=urn:btpk is expected");
        }

        Key160[] infoHashes = [.. new[] { link.InfoHash, link.InfoHashV2 }.OfType<Key160>()];
        return new Topic(infoHashes, link.PublicKey, link.Salt);
    }
}
