using Kadstone.Kademlia;

namespace Kadstone.Cli.Parsing;

/// <summary>Which item the user wants: by its target, or by the public key that signs it.</summary>
/// <param name="Target">The target; meaningless beside a public key.</param>
/// <param name="PublicKey">32 bytes, or empty.</param>
/// <param name="Salt">The salt that the link names.</param>
internal sealed record ItemTopic(Key160 Target, ReadOnlyMemory<byte> PublicKey, ReadOnlyMemory<byte> Salt)
{
    internal static ItemTopic Parse(string text)
    {
        if (text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase))
        {
            Topic topic = Topic.Parse(text);
            return !topic.PublicKey.IsEmpty
                ? new ItemTopic(default, topic.PublicKey, topic.Salt)
                : throw new FormatException("leads to a torrent and not to an item; a link with xs=urn:btpk is expected");
        }

        return text.Length == 64 ? new ItemTopic(default, Keys.PublicKey(text), default)
            : Key160.TryParse(text, out Key160 target) ? new ItemTopic(target, default, default)
            : throw new FormatException("is no target; 40 hexadecimal digits, the 64 of a public key or a magnet link with btpk are expected");
    }
}
