using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>What became of a put.</summary>
/// <param name="Target">Under which key it is found: the hash of the value, or of the public key.</param>
/// <param name="Commit">How many nodes stored, refused and kept silent. A mutable value is refused where a later one is stored.</param>
public sealed record HyperPut(Key256 Target, RpcCommit Commit);
