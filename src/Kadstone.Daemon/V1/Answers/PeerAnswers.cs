namespace Kadstone.Daemon.V1.Answers;

/// <param name="Peer">Who takes part: an address, on Hyperswarm a public key, on IPFS a peer id.</param>
/// <param name="Addresses">Where it is to be found; on Hyperswarm the nodes that relay to it.</param>
/// <param name="From">Who said so; null: that is not known.</param>
internal sealed record PeerAnswer(string Peer, IReadOnlyList<string> Addresses, string? From);

internal sealed record PeersEnd(bool Done, int Found, double Milliseconds, string? Lookup, string Reason);
