namespace Kadstone.Ipfs;

/// <summary>The value may not stand under the key: its namespace's validator refuses it, or there is no validator for the namespace.</summary>
public sealed class InvalidRecordException(string message, Exception? innerException = null) : DhtException(message, innerException);
