namespace Kadstone.Libp2p;

/// <summary>A connection of a host.</summary>
/// <param name="Id">With whom.</param>
/// <param name="RemoteAddress">Where the other side is.</param>
/// <param name="IsInbound">Whether the other side began it.</param>
/// <param name="Identity">What it said of itself; null until it has.</param>
public sealed record ConnectedPeer(PeerId Id, Multiaddr RemoteAddress, bool IsInbound, IdentifiedPeer? Identity);
