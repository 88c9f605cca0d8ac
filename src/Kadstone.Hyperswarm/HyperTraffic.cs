using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Something that another asked of this node.</summary>
/// <param name="Kind">What.</param>
/// <param name="Topic">About which key.</param>
/// <param name="From">Who.</param>
/// <param name="Port">First generation: the port announced; 0 for none.</param>
public readonly record struct HyperTraffic(HyperTrafficKind Kind, Key256 Topic, UdpEndpoint From, int Port);
