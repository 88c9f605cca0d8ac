using System.Text;

namespace Kadstone.Ipfs;

/// <summary>The keys of values: a namespace between slashes, and what it says.</summary>
public static class RecordKey
{
    /// <summary>The key of a peer's IPNS record.</summary>
    public static byte[] OfName(PeerId name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return [.. "/ipns/"u8, .. name.Bytes.Span];
    }

    /// <summary>The key of a peer's public key.</summary>
    public static byte[] OfPublicKey(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return [.. "/pk/"u8, .. peer.Bytes.Span];
    }

    /// <summary>A key from its text: behind <c>/ipns/</c> and <c>/pk/</c> any text of a peer id, which becomes its multihash; all else is UTF-8.</summary>
    /// <exception cref="FormatException">What follows <c>/ipns/</c> or <c>/pk/</c> is no peer id.</exception>
    public static byte[] Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith("/ipns/", StringComparison.Ordinal) ? OfName(PeerId.Parse(text["/ipns/".Length..]))
            : text.StartsWith("/pk/", StringComparison.Ordinal) ? OfPublicKey(PeerId.Parse(text["/pk/".Length..]))
            : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The namespace of a key; empty if it has none.</summary>
    internal static string NamespaceOf(ReadOnlySpan<byte> key)
    {
        int end = key is [(byte)'/', ..] ? key[1..].IndexOf((byte)'/') : -1;
        return end > 0 && Ascii.IsValid(key.Slice(1, end)) ? Encoding.ASCII.GetString(key.Slice(1, end)) : "";
    }
}
