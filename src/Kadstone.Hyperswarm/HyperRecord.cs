using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>A peer of today's wire: who announces, and whom to ask to reach it.</summary>
/// <param name="PublicKey">32 bytes, Ed25519.</param>
/// <param name="RelayAddresses">Nodes that pass a handshake on to it; at most three are kept.</param>
public sealed record HyperRecord(ReadOnlyMemory<byte> PublicKey, IReadOnlyList<UdpEndpoint> RelayAddresses);
