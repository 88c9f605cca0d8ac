namespace Kadstone.Kademlia;

/// <summary>What a lookup is about.</summary>
/// <param name="Kind">What is asked, in the words of the network's protocol: <c>get_peers</c>, <c>lookup</c>, <c>find_providers</c>.</param>
/// <param name="Key">What is looked for, as the network names it: an infohash, a topic, a multihash, a record's key.</param>
/// <param name="Point">Where that stands in the keyspace, most significant byte first; the key itself where nothing is hashed.</param>
/// <param name="IsUpkeep">Whether the node asks for itself: to join, or to refresh its table.</param>
public readonly record struct LookupBeginning(string Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Point, bool IsUpkeep);
