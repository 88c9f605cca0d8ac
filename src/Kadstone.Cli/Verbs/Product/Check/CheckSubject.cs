using Kadstone.Cli.Parsing;
using Kadstone.Daemon.Pkarr;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary>What can be checked.</summary>
internal enum SubjectKind
{
    /// <summary>This machine's own nodes.</summary>
    Self,

    /// <summary>40 digits: an infohash of Mainline, or the target of an item.</summary>
    InfoHash,

    /// <summary>64 digits: a topic of Hyperswarm, a hash or a public key under which a value is stored.</summary>
    Topic,

    /// <summary>The key of a pkarr packet.</summary>
    Pkarr,

    /// <summary>Content of IPFS.</summary>
    Content,

    /// <summary>A peer of IPFS.</summary>
    Peer,

    /// <summary>HOST:PORT.</summary>
    Endpoint,

    /// <summary>A multiaddr.</summary>
    Address,
}

/// <param name="Kind">What it is.</param>
/// <param name="Key">What it is called in its network.</param>
internal sealed record CheckSubject(SubjectKind Kind, string Key)
{
    /// <summary>The networks that know of such a thing.</summary>
    internal IReadOnlyList<string> Networks => Kind switch
    {
        SubjectKind.InfoHash or SubjectKind.Pkarr => ["mainline"],
        SubjectKind.Topic => ["hyperswarm", "mainline"],
        SubjectKind.Content or SubjectKind.Peer => ["ipfs"],
        _ => NetworkArguments.All,
    };

    /// <exception cref="FormatException">It is none of them.</exception>
    internal static CheckSubject Parse(string text)
    {
        if (text == "self")
        {
            return new CheckSubject(SubjectKind.Self, text);
        }

        if (text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase))
        {
            Topic topic = Topic.Parse(text);
            return topic.InfoHashes.Count > 0
                ? new CheckSubject(SubjectKind.InfoHash, topic.InfoHashes[0].ToString())
                : new CheckSubject(SubjectKind.Topic, Convert.ToHexStringLower(topic.PublicKey.Span));
        }

        if (text.Length is 40 or 64 && text.All(char.IsAsciiHexDigit))
        {
            return new CheckSubject(text.Length == 40 ? SubjectKind.InfoHash : SubjectKind.Topic, text.ToLowerInvariant());
        }

        if (text.StartsWith('/'))
        {
            return OfPath(text);
        }

        // The peer id of an RSA key looks like a CID of the first version, and is one; it is sought as both.
        if (Cid.TryParse(text, out Cid? cid) && cid.Codec != Cid.Libp2pKeyCodec)
        {
            return new CheckSubject(SubjectKind.Content, cid.ToString());
        }

        if (PeerId.TryParse(text, out PeerId? peer))
        {
            return new CheckSubject(SubjectKind.Peer, peer.ToString());
        }

        if (PkarrKey.TryParse(text, out PkarrKey? key))
        {
            return new CheckSubject(SubjectKind.Pkarr, Convert.ToHexStringLower(key.Bytes.Span));
        }

        try
        {
            return new CheckSubject(SubjectKind.Endpoint, Endpoints.HostAndPort(text));
        }
        catch (FormatException)
        {
            throw NotUnderstood();
        }
    }

    private static CheckSubject OfPath(string text)
    {
        string[] parts = text.Split('/', 4);
        return parts is ["", "ipfs", string content, ..] && Cid.TryParse(content, out Cid? cid) ? new CheckSubject(SubjectKind.Content, cid.ToString())
            : parts is ["", "ipns" or "p2p", string name] && PeerId.TryParse(name, out PeerId? peer) ? new CheckSubject(SubjectKind.Peer, peer.ToString())
            : Multiaddr.TryParse(text, out Multiaddr? address) ? new CheckSubject(SubjectKind.Address, address.ToString())
            : throw NotUnderstood();
    }

    private static FormatException NotUnderstood() => new(
        "is nothing that can be checked: it was tried as an infohash (40 hexadecimal digits), a topic or key (64), a magnet link, a CID, a peer id, a pkarr key, HOST:PORT, a multiaddr, and the word self");
}
