using System.Security.Cryptography;

namespace Kadstone.Libp2p;

/// <summary>A digest that says by which function it was made and how long it is.</summary>
/// <remarks>multiformats/multihash. The digest is not checked against any content here.</remarks>
public static class Multihash
{
    /// <summary>0: the content itself in place of its hash.</summary>
    public const ulong Identity = 0x00;

    /// <summary>0x12: SHA-256.</summary>
    public const ulong Sha256 = 0x12;

    /// <summary>128: the longest digest that is read, in bytes.</summary>
    public const int MaxDigestLength = 128;

    private const int Sha256Length = 32;

    /// <summary>Reads a multihash from the front of <paramref name="source"/>.</summary>
    /// <param name="source">The bytes; others may follow.</param>
    /// <param name="function">The code of the function.</param>
    /// <param name="digest">The digest, at most <see cref="MaxDigestLength"/> bytes; of SHA-256 always 32.</param>
    /// <param name="length">How many bytes all of it took.</param>
    public static bool TryRead(ReadOnlySpan<byte> source, out ulong function, out ReadOnlySpan<byte> digest, out int length)
    {
        ReadOnlySpan<byte> rest = source;
        digest = default;
        length = 0;
        if (!Uvarint.TryTake(ref rest, out function) || !Uvarint.TryTakeBytes(ref rest, out ReadOnlySpan<byte> bytes)
            || bytes.Length > MaxDigestLength || (function == Sha256 && bytes.Length != Sha256Length))
        {
            return false;
        }

        digest = bytes;
        length = source.Length - rest.Length;
        return true;
    }

    /// <summary>Whether <paramref name="bytes"/> are one multihash and nothing more.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> bytes) => TryRead(bytes, out _, out _, out int length) && length == bytes.Length;

    /// <summary>The SHA-256 multihash of <paramref name="content"/>: 34 bytes.</summary>
    public static byte[] OfSha256(ReadOnlySpan<byte> content)
    {
        byte[] multihash = new byte[2 + Sha256Length];
        multihash[0] = (byte)Sha256;
        multihash[1] = Sha256Length;
        SHA256.HashData(content, multihash.AsSpan(2));
        return multihash;
    }

    /// <summary>The identity multihash of <paramref name="content"/>.</summary>
    /// <exception cref="ArgumentException">The content has more than <see cref="MaxDigestLength"/> bytes.</exception>
    public static byte[] OfIdentity(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaxDigestLength)
        {
            throw new ArgumentException($"An identity multihash holds at most {MaxDigestLength} bytes.", nameof(content));
        }

        int lengthBytes = Uvarint.Length((ulong)content.Length);
        byte[] multihash = new byte[1 + lengthBytes + content.Length];
        Uvarint.Write(multihash.AsSpan(1), (ulong)content.Length);
        content.CopyTo(multihash.AsSpan(1 + lengthBytes));
        return multihash;
    }
}
