namespace Kadstone.Ipfs;

/// <summary>The operation took longer than its options allow.</summary>
public sealed class DhtTimeoutException(string message, Exception? innerException = null) : DhtException(message, innerException);
