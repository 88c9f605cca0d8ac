using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs;

/// <summary>A peer as a contact of the DHT, for those who look at tables and lookups.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Key">Where it stands in the keyspace: the SHA-256 of its id.</param>
/// <param name="Addresses">Where it is, without the peer at the end.</param>
public readonly record struct KadContact(PeerId Id, Key256 Key, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>Two are the same node when their ids are equal.</summary>
    public bool Equals(KadContact other) => Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id?.GetHashCode() ?? 0;

    internal static KadContact Of(PeerContact contact) => new(contact.Id, contact.Key, contact.Addresses);
}
