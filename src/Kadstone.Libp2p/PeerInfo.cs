namespace Kadstone.Libp2p;

/// <summary>A peer, and where it may be reached.</summary>
/// <param name="Id">Who.</param>
/// <param name="Addresses">Where; none for one with whom a connection exists.</param>
public sealed record PeerInfo(PeerId Id, IReadOnlyList<Multiaddr> Addresses);
