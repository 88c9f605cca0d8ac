using System.Diagnostics.CodeAnalysis;

namespace Kadstone.Libp2p;

/// <summary>A content identifier: which content, by the hash of its bytes, and how to read it, by a codec.</summary>
/// <remarks>multiformats/cid, versions 0 and 1. Two are equal when their bytes are: the two versions of one content are not.</remarks>
public sealed class Cid : IEquatable<Cid>, ISpanParsable<Cid>
{
    /// <summary>0x55: raw bytes.</summary>
    public const ulong RawCodec = 0x55;

    /// <summary>0x70: dag-pb, the only codec of version 0.</summary>
    public const ulong DagPbCodec = 0x70;

    /// <summary>0x72: a libp2p public key, as in the CID form of a peer id.</summary>
    public const ulong Libp2pKeyCodec = 0x72;

    private const int Version0Length = 34;
    private const int Version0TextLength = 46;

    private readonly byte[] _bytes;
    private readonly int _multihashStart;

    private Cid(int version, ulong codec, byte[] bytes, int multihashStart)
    {
        Version = version;
        Codec = codec;
        _bytes = bytes;
        _multihashStart = multihashStart;
    }

    /// <summary>0 or 1.</summary>
    public int Version { get; }

    /// <summary>How the content is read, a number of the multicodec table.</summary>
    public ulong Codec { get; }

    /// <summary>All bytes: of version 0 the multihash alone.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The hash of the content, with function and length: the key under which the DHT knows it, whatever version and codec.</summary>
    public ReadOnlyMemory<byte> Multihash => _bytes.AsMemory(_multihashStart);

    /// <summary>A version 1 CID.</summary>
    /// <param name="codec">How the content is read; at most <see cref="Uvarint.MaxValue"/>.</param>
    /// <param name="multihash">One whole multihash.</param>
    /// <exception cref="ArgumentException">The bytes are no multihash.</exception>
    public static Cid Create(ulong codec, ReadOnlySpan<byte> multihash)
    {
        if (!Libp2p.Multihash.IsWhole(multihash))
        {
            throw new ArgumentException("These bytes are no multihash.", nameof(multihash));
        }

        int start = 1 + Uvarint.Length(codec);
        byte[] bytes = new byte[start + multihash.Length];
        bytes[0] = 1;
        Uvarint.Write(bytes.AsSpan(1), codec);
        multihash.CopyTo(bytes.AsSpan(start));
        return new Cid(1, codec, bytes, start);
    }

    /// <summary>The CID of raw bytes: version 1, codec <see cref="RawCodec"/>, SHA-256.</summary>
    public static Cid OfRaw(ReadOnlySpan<byte> content) => Create(RawCodec, Libp2p.Multihash.OfSha256(content));

    /// <summary>Reads the bytes of one CID and nothing more. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Cid? cid)
    {
        cid = null;
        if (bytes.Length == Version0Length && bytes[0] == Libp2p.Multihash.Sha256 && bytes[1] == Version0Length - 2)
        {
            cid = new Cid(0, DagPbCodec, bytes.ToArray(), 0);
            return true;
        }

        ReadOnlySpan<byte> rest = bytes;
        if (!Uvarint.TryTake(ref rest, out ulong version) || version != 1 || !Uvarint.TryTake(ref rest, out ulong codec) || !Libp2p.Multihash.IsWhole(rest))
        {
            return false;
        }

        cid = new Cid(1, codec, bytes.ToArray(), bytes.Length - rest.Length);
        return true;
    }

    /// <summary>Reads the text of a CID: base58 of version 0, or any base of <see cref="MultibaseEncoding"/>.</summary>
    /// <exception cref="FormatException">The text is no CID.</exception>
    public static Cid Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan(), null);
    }

    /// <inheritdoc/>
    public static Cid Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static Cid Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out Cid? cid) ? cid : throw new FormatException("This text is no CID.");

    /// <summary>Reads the text of a CID; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Cid? cid) => TryParse(text.AsSpan(), null, out cid);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out Cid? result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out Cid? result)
    {
        result = null;
        if (s.Length == Version0TextLength && s.StartsWith("Qm", StringComparison.Ordinal))
        {
            return Multibase.TryDecodeBare(MultibaseEncoding.Base58Btc, s, out byte[] plain) && TryRead(plain, out result) && result.Version == 0;
        }

        // Version 0 has one text, without a letter of a base.
        return Multibase.TryDecode(s, out _, out byte[] bytes) && TryRead(bytes, out result) && result.Version == 1;
    }

    /// <summary>This content as version 1; itself if it is one.</summary>
    public Cid ToVersion1() => Version == 1 ? this : Create(DagPbCodec, _bytes);

    /// <summary>The usual text: base58 of version 0, base32 of version 1.</summary>
    public override string ToString() =>
        Version == 0 ? Multibase.EncodeBare(MultibaseEncoding.Base58Btc, _bytes) : Multibase.Encode(MultibaseEncoding.Base32, _bytes);

    /// <summary>The text in a chosen base; version 0 has but one.</summary>
    public string ToString(MultibaseEncoding encoding) => Version == 0 ? ToString() : Multibase.Encode(encoding, _bytes);

    /// <inheritdoc/>
    public bool Equals(Cid? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Cid);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Whether both have the same bytes.</summary>
    public static bool operator ==(Cid? left, Cid? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Cid? left, Cid? right) => !(left == right);
}
