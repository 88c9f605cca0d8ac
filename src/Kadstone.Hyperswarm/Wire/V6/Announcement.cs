using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>The value of ANNOUNCE and of UNANNOUNCE.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>announce</c>. What a request must have is the business of who serves it.</remarks>
internal ref struct Announcement : ICompactValue<Announcement>
{
    /// <summary>32: the bytes of a refresh token.</summary>
    public const int RefreshLength = 32;

    private const int PeerFlag = 1;
    private const int RefreshFlag = 2;
    private const int SignatureFlag = 4;
    private const int BumpFlag = 8;

    /// <summary>Whether there is a <see cref="Peer"/>.</summary>
    public bool HasPeer { get; set; }

    /// <summary>Who announces itself.</summary>
    public HyperPeer Peer { get; set; }

    /// <summary>The refresh token: 32 bytes, or empty. With a peer, the hash of the token that will renew the record; alone, that token.</summary>
    public ReadOnlySpan<byte> Refresh { get; set; }

    /// <summary>The peer's signature: 64 bytes, or empty.</summary>
    public ReadOnlySpan<byte> Signature { get; set; }

    /// <summary>Milliseconds since 1970 to tell those who watch the topic; 0 for none. Not signed.</summary>
    public long Bump { get; set; }

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Announcement value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!reader.TryReadUInt(out long flags))
        {
            return false;
        }

        HyperPeer peer = default;
        ReadOnlySpan<byte> refresh = default;
        ReadOnlySpan<byte> signature = default;
        long bump = 0;
        bool hasPeer = (flags & PeerFlag) != 0;
        bool read = (!hasPeer || HyperPeer.TryRead(ref reader, out peer))
            && ((flags & RefreshFlag) == 0 || reader.TryReadFixed(RefreshLength, out refresh))
            && ((flags & SignatureFlag) == 0 || reader.TryReadFixed(Ed25519.SignatureLength, out signature))
            && ((flags & BumpFlag) == 0 || reader.TryReadUInt(out bump));
        if (read)
        {
            value = new Announcement { HasPeer = hasPeer, Peer = peer, Refresh = refresh, Signature = signature, Bump = bump };
        }

        return read;
    }

    /// <inheritdoc/>
    public readonly void Write(scoped ref CompactWriter writer)
    {
        writer.UInt((HasPeer ? PeerFlag : 0)
            | (Refresh.IsEmpty ? 0 : RefreshFlag)
            | (Signature.IsEmpty ? 0 : SignatureFlag)
            | (Bump == 0 ? 0 : BumpFlag));
        if (HasPeer)
        {
            Peer.Write(ref writer);
        }

        writer.Fixed(Refresh);
        writer.Fixed(Signature);
        if (Bump != 0)
        {
            writer.UInt(Bump);
        }
    }

    /// <summary>Whether the peer signed this for one storing node.</summary>
    /// <param name="purpose"><see cref="HyperNamespace.Announce"/> or <see cref="HyperNamespace.Unannounce"/>.</param>
    /// <param name="target">The topic.</param>
    /// <param name="storing">The id of the storing node.</param>
    /// <param name="token">The token that the storing node gave.</param>
    public readonly bool IsSigned(ReadOnlySpan<byte> purpose, in Key256 target, in Key256 storing, ReadOnlySpan<byte> token)
    {
        if (!HasPeer || Signature.IsEmpty || Peer.RelayAddresses.Packed.Length > RpcReader.MaxDatagramLength)
        {
            return false;
        }

        Span<byte> signable = stackalloc byte[HyperSignable.Length];
        HyperSignable.WriteAnnouncement(signable, purpose, target, storing, token, Peer, Refresh);
        return Ed25519.Verify(Signature, signable, Peer.PublicKey);
    }
}
