using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>A peer that this node learnt of: from a stranger's announce, or from a lookup of its own.</summary>
/// <param name="InfoHash">What the peer takes part in.</param>
/// <param name="Peer">Its address and port, as announced.</param>
/// <param name="IsAdvertised">Whether we advertise the same infohash: false for other people's business.</param>
public readonly record struct PeerFound(Key160 InfoHash, UdpEndpoint Peer, bool IsAdvertised);

/// <summary>A peer that nobody announced any more and that was forgotten.</summary>
/// <param name="InfoHash">What the peer took part in.</param>
/// <param name="Peer">Its address and port.</param>
public readonly record struct PeerExpired(Key160 InfoHash, UdpEndpoint Peer);
