using System.Text;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>The value of a BEP 44 item: any bencoded thing, most often a byte string.</summary>
/// <remarks>At most 1,000 bytes bencoded. What others stored is kept byte for byte: a value that is encoded anew would fit no hash or signature.</remarks>
public readonly struct ItemValue : IEquatable<ItemValue>
{
    /// <summary>1000: the most bytes of a bencoded value.</summary>
    public const int MaxLength = ItemSignature.MaxValueLength;

    private ItemValue(ReadOnlyMemory<byte> bencoded) => Bencoded = bencoded;

    /// <summary>The value as it is on the wire.</summary>
    public ReadOnlyMemory<byte> Bencoded { get; }

    /// <summary>A byte string.</summary>
    /// <exception cref="ArgumentException">Bencoded it would be longer than <see cref="MaxLength"/>.</exception>
    public static ItemValue FromBytes(ReadOnlySpan<byte> bytes)
    {
        byte[] buffer = new byte[bytes.Length + 12];
        int length = Bencode.WriteString(buffer, bytes);
        return Checked(buffer.AsMemory(0, length));
    }

    /// <summary>A text, as the byte string of its UTF-8.</summary>
    /// <exception cref="ArgumentException">Bencoded it would be longer than <see cref="MaxLength"/>.</exception>
    public static ItemValue FromText(string text) => FromBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>Something bencoded: canonical, with sorted keys.</summary>
    /// <exception cref="ArgumentException">It is not canonical bencode, or longer than <see cref="MaxLength"/>.</exception>
    public static ItemValue FromBencoded(ReadOnlySpan<byte> bencoded) => Bencode.IsCanonical(bencoded)
        ? Checked(bencoded.ToArray())
        : throw new ArgumentException("The value is not canonical bencode.", nameof(bencoded));

    internal static ItemValue FromWire(ReadOnlyMemory<byte> bencoded) => new(bencoded);

    /// <summary>The value that points to a torrent (BEP 46).</summary>
    public static ItemValue FromInfoHash(Key160 infoHash)
    {
        byte[] buffer = new byte[InfoHashPointer.Length];
        return new ItemValue(buffer.AsMemory(0, InfoHashPointer.Write(buffer, infoHash)));
    }

    /// <summary>The torrent that the value points to (BEP 46).</summary>
    /// <returns>False when it is no dictionary with an infohash.</returns>
    public bool TryGetInfoHash(out Key160 infoHash) => InfoHashPointer.TryRead(Bencoded.Span, out infoHash);

    /// <summary>The bytes of a byte string.</summary>
    /// <returns>False when the value is an integer, a list or a dictionary.</returns>
    public bool TryGetBytes(out ReadOnlyMemory<byte> bytes)
    {
        BencodeReader reader = new(Bencoded.Span);
        if (reader.AtString && reader.TryReadString(out ReadOnlySpan<byte> text) && reader.AtEnd)
        {
            bytes = Bencoded[^text.Length..];
            return true;
        }

        bytes = default;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(ItemValue other) => Bencoded.Span.SequenceEqual(other.Bencoded.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ItemValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Bencoded.Span);
        return hash.ToHashCode();
    }

    /// <summary>Whether two values are the same bytes.</summary>
    public static bool operator ==(ItemValue left, ItemValue right) => left.Equals(right);

    /// <summary>Whether two values differ.</summary>
    public static bool operator !=(ItemValue left, ItemValue right) => !left.Equals(right);

    /// <summary>The text of a byte string in UTF-8; of anything else its bencoded form.</summary>
    public override string ToString() => Encoding.UTF8.GetString((TryGetBytes(out ReadOnlyMemory<byte> bytes) ? bytes : Bencoded).Span);

    private static ItemValue Checked(ReadOnlyMemory<byte> bencoded) => bencoded.Length <= MaxLength
        ? new ItemValue(bencoded)
        : throw new ArgumentException($"The value has {bencoded.Length} bytes bencoded; at most {MaxLength} are allowed (BEP 44).", nameof(bencoded));
}
