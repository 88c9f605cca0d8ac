namespace Kadstone.Ipfs;

/// <summary>A better value stands under the key already, or no peer took ours.</summary>
public sealed class RecordRejectedException(string message, Exception? innerException = null) : DhtException(message, innerException);
