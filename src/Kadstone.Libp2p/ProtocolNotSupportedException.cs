namespace Kadstone.Libp2p;

/// <summary>The peer does not speak the protocol.</summary>
public sealed class ProtocolNotSupportedException(string message) : IOException(message);
