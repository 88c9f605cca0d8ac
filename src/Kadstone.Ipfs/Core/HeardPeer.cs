using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>A peer that a query heard of.</summary>
internal sealed class HeardPeer(PeerContact contact, Key256 distance)
{
    public PeerContact Contact { get; set; } = contact;

    public Key256 Distance { get; } = distance;

    /// <summary>How many requests lead to it: 1 for a contact of our own table.</summary>
    public int Hop { get; set; } = 1;

    public HeardState State { get; set; }

    public Instant AskedAt { get; set; }

    /// <summary>Whether it was told what the query tells, or is being told.</summary>
    public bool IsTold { get; set; }

    /// <summary>The value that it answered with, if one was asked for.</summary>
    public ReadOnlyMemory<byte>? Value { get; set; }
}
