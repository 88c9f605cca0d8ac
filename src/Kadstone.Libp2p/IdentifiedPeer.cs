namespace Kadstone.Libp2p;

/// <summary>What a peer says of itself by identify. Only its id is proved; what else strangers say is theirs.</summary>
/// <param name="Id">Who: proved by the connection's handshake.</param>
/// <param name="Protocols">What it speaks.</param>
/// <param name="Addresses">Where it says that it listens, those that our address policy allows.</param>
/// <param name="ObservedAddress">Where it sees us, if it said so.</param>
/// <param name="ProtocolVersion">The family of protocols, such as <c>ipfs/0.1.0</c>; text of a stranger.</param>
/// <param name="AgentVersion">The software; text of a stranger.</param>
/// <param name="SignedRecord">Its addresses in a form that others may hand on, if it gave one that holds.</param>
public sealed record IdentifiedPeer(
    PeerId Id,
    IReadOnlyList<string> Protocols,
    IReadOnlyList<Multiaddr> Addresses,
    Multiaddr? ObservedAddress,
    string ProtocolVersion,
    string AgentVersion,
    PeerRecord? SignedRecord);
