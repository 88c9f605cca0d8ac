namespace Kadstone.Libp2p;

/// <summary>The stream was ended at once, by the other side, by us, or with its connection.</summary>
public sealed class StreamResetException(string message) : IOException(message);
