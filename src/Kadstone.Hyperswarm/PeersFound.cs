using System.Net;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>What one node knows of a topic.</summary>
/// <param name="Node">The node that answered.</param>
/// <param name="Peers">Where peers are to be found, our own address left out. On today's wire: the relay addresses of the records.</param>
/// <param name="LocalPeers">Addresses that share their first two octets with the local address that we gave, our own left out.</param>
/// <param name="Records">Today's wire: the signed records, public keys with relay addresses; empty on the first generation's.</param>
public sealed record PeersFound(
    UdpEndpoint Node,
    IReadOnlyList<IPEndPoint> Peers,
    IReadOnlyList<IPEndPoint> LocalPeers,
    IReadOnlyList<HyperRecord> Records);
