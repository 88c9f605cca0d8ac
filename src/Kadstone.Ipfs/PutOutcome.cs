namespace Kadstone.Ipfs;

/// <summary>What became of a put.</summary>
/// <param name="StoredOn">How many peers echoed the record, which says that they took it (one make of peer echoes what it drops too).</param>
/// <param name="Failed">How many peers refused, or could not be reached.</param>
/// <param name="Size">The value's length in bytes.</param>
public readonly record struct PutOutcome(int StoredOn, int Failed, int Size);
