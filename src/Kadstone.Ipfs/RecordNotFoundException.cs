namespace Kadstone.Ipfs;

/// <summary>No peer that was asked holds a valid value under the key.</summary>
public sealed class RecordNotFoundException(string message, Exception? innerException = null) : DhtException(message, innerException);
