namespace Kadstone.Ipfs;

/// <summary>The node is closed.</summary>
public sealed class NodeOfflineException(string message, Exception? innerException = null) : DhtException(message, innerException);
