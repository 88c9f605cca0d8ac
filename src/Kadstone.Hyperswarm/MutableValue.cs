using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>A signed value that was found; its signature has been checked.</summary>
/// <param name="Value">The value.</param>
/// <param name="Sequence">Its version, 0 to 2^53 - 1.</param>
/// <param name="Signature">64 bytes, Ed25519.</param>
/// <param name="From">The node that had it.</param>
public sealed record MutableValue(ReadOnlyMemory<byte> Value, long Sequence, ReadOnlyMemory<byte> Signature, UdpEndpoint From);
