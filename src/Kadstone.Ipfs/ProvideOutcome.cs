namespace Kadstone.Ipfs;

/// <summary>What became of a provide.</summary>
/// <param name="Provided">How many keys were told to one peer at least.</param>
/// <param name="Told">How many times a peer was told, over all keys: 20 a key in a network that has so many. Nobody says whether it was taken: the protocol has no answer to it.</param>
/// <param name="Failed">How many times a peer could not be told.</param>
public readonly record struct ProvideOutcome(int Provided, int Told, int Failed);
