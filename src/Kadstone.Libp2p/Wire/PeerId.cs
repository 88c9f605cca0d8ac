using System.Diagnostics.CodeAnalysis;

namespace Kadstone.Libp2p;

/// <summary>Who a peer is: the multihash of its public key.</summary>
/// <remarks>libp2p "Peer Ids and Keys". Short keys, Ed25519 among them, stand in the id themselves.</remarks>
public sealed class PeerId : IEquatable<PeerId>, IComparable<PeerId>, ISpanParsable<PeerId>
{
    private const int MaxInlinedKeyLength = 42;
    private const int MaxBareTextLength = 100;

    private readonly byte[] _bytes;
    private readonly int _hash;

    private PeerId(ReadOnlySpan<byte> multihash)
    {
        _bytes = multihash.ToArray();
        HashCode hash = default;
        hash.AddBytes(_bytes);
        _hash = hash.ToHashCode();
    }

    /// <summary>The multihash.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Reads the bytes of a peer id: an identity multihash of at most 42 bytes, or one of SHA-256. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> multihash, [NotNullWhen(true)] out PeerId? peer)
    {
        bool isPeer = Multihash.TryRead(multihash, out ulong function, out ReadOnlySpan<byte> digest, out int length) && length == multihash.Length
            && (function == Multihash.Sha256 || (function == Multihash.Identity && digest.Length is > 0 and <= MaxInlinedKeyLength));
        peer = isPeer ? new PeerId(multihash) : null;
        return isPeer;
    }

    /// <summary>Reads a text: base58 of the multihash (<c>12D3Koo…</c>, <c>Qm…</c>), or a CID with the codec libp2p-key in any base.</summary>
    /// <exception cref="FormatException">The text is no peer id.</exception>
    public static PeerId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan(), null);
    }

    /// <inheritdoc/>
    public static PeerId Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static PeerId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out PeerId? peer) ? peer : throw new FormatException("This text is no peer id.");

    /// <summary>Reads the text of a peer id; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PeerId? peer) => TryParse(text.AsSpan(), null, out peer);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out PeerId? result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out PeerId? result)
    {
        result = null;
        if (s.StartsWith("1", StringComparison.Ordinal) || s.StartsWith("Qm", StringComparison.Ordinal))
        {
            return s.Length <= MaxBareTextLength && Multibase.TryDecodeBare(MultibaseEncoding.Base58Btc, s, out byte[] bytes) && TryRead(bytes, out result);
        }

        return Cid.TryParse(s, provider, out Cid? cid) && cid.Codec == Cid.Libp2pKeyCodec && TryRead(cid.Multihash.Span, out result);
    }

    /// <summary>The public key, when it stands in the id.</summary>
    public bool TryGetPublicKey([NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return Multihash.TryRead(_bytes, out ulong function, out ReadOnlySpan<byte> digest, out _) && function == Multihash.Identity && PublicKey.TryRead(digest, out key);
    }

    /// <summary>The id as a CID with the codec libp2p-key: in base36 the name of its IPNS records.</summary>
    public Cid ToCid() => Cid.Create(Cid.Libp2pKeyCodec, _bytes);

    /// <summary>Base58 of the multihash.</summary>
    public override string ToString() => Multibase.EncodeBare(MultibaseEncoding.Base58Btc, _bytes);

    /// <inheritdoc/>
    public bool Equals(PeerId? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PeerId);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>By the bytes, so that two peers agree on an order.</summary>
    public int CompareTo(PeerId? other) => other is null ? 1 : _bytes.AsSpan().SequenceCompareTo(other._bytes);

    /// <summary>Whether both have the same bytes.</summary>
    public static bool operator ==(PeerId? left, PeerId? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(PeerId? left, PeerId? right) => !(left == right);

    /// <summary>Whether <paramref name="left"/> stands before <paramref name="right"/>.</summary>
    public static bool operator <(PeerId? left, PeerId? right) => Compare(left, right) < 0;

    /// <summary>Whether <paramref name="left"/> stands behind <paramref name="right"/>.</summary>
    public static bool operator >(PeerId? left, PeerId? right) => Compare(left, right) > 0;

    /// <summary>Whether <paramref name="left"/> does not stand behind <paramref name="right"/>.</summary>
    public static bool operator <=(PeerId? left, PeerId? right) => Compare(left, right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not stand before <paramref name="right"/>.</summary>
    public static bool operator >=(PeerId? left, PeerId? right) => Compare(left, right) >= 0;

    internal static PeerId OfEncodedKey(ReadOnlySpan<byte> encoded, bool inlined) =>
        new(inlined ? Multihash.OfIdentity(encoded) : Multihash.OfSha256(encoded));

    private static int Compare(PeerId? left, PeerId? right) => left is null ? (right is null ? 0 : -1) : left.CompareTo(right);
}
