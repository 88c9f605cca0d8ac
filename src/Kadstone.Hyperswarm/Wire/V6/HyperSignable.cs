using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>The 64 bytes that a signature covers: a namespace, and the hash of what is said.</summary>
/// <remarks>npm hyperdht 6, lib/persistent.js, <c>annSignable</c> and <c>signMutable</c>.</remarks>
internal static class HyperSignable
{
    /// <summary>64: the bytes that are signed.</summary>
    public const int Length = 2 * HyperNamespace.Length;

    // Target, id, token, public key, the count of the relay addresses, these, and the refresh token.
    private const int MaxAnnouncementLength = 5 * 32 + 9 + RpcReader.MaxDatagramLength;
    private const int MaxMutableLength = 2 * 9 + RpcReader.MaxDatagramLength;

    /// <summary>Writes what the peer of an announcement signs. It holds for one storing node and while its token lives.</summary>
    /// <param name="destination">64 bytes.</param>
    /// <param name="purpose"><see cref="HyperNamespace.Announce"/> or <see cref="HyperNamespace.Unannounce"/>.</param>
    /// <param name="target">The topic.</param>
    /// <param name="storing">The id of the storing node.</param>
    /// <param name="token">The token that the storing node gave.</param>
    /// <param name="peer">The peer with all the relay addresses that are sent, be they more than are kept.</param>
    /// <param name="refresh">The refresh token, or empty.</param>
    /// <exception cref="ArgumentException">The peer is longer than a datagram.</exception>
    public static void WriteAnnouncement(
        Span<byte> destination,
        scoped ReadOnlySpan<byte> purpose,
        in Key256 target,
        in Key256 storing,
        scoped ReadOnlySpan<byte> token,
        scoped HyperPeer peer,
        scoped ReadOnlySpan<byte> refresh)
    {
        CompactWriter writer = new(stackalloc byte[MaxAnnouncementLength]);
        writer.Key(target);
        writer.Key(storing);
        writer.Fixed(token);
        peer.Write(ref writer);
        writer.Fixed(refresh);
        Finish(destination, purpose, writer);
    }

    /// <summary>Writes what the owner of a mutable value signs: it holds everywhere and forever.</summary>
    /// <param name="destination">64 bytes.</param>
    /// <param name="sequence">The sequence number.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The value is longer than a datagram.</exception>
    public static void WriteMutable(Span<byte> destination, long sequence, scoped ReadOnlySpan<byte> value)
    {
        CompactWriter writer = new(stackalloc byte[MaxMutableLength]);
        writer.UInt(sequence);
        writer.Buffer(value);
        Finish(destination, HyperNamespace.MutablePut, writer);
    }

    private static void Finish(Span<byte> destination, ReadOnlySpan<byte> purpose, scoped CompactWriter writer)
    {
        if (writer.Overflowed)
        {
            throw new ArgumentException("What is signed fits into a datagram.", nameof(writer));
        }

        purpose.CopyTo(destination);
        Blake2b.Hash(writer.Written, destination[HyperNamespace.Length..Length]);
    }
}
