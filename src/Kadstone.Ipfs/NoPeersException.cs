namespace Kadstone.Ipfs;

/// <summary>Nobody is there to ask: the routing table is empty.</summary>
public sealed class NoPeersException(string message, Exception? innerException = null) : DhtException(message, innerException);
