namespace Kadstone.Ipfs;

/// <summary>A query could not do what it promised; the derived types say what.</summary>
public class DhtException(string message, Exception? innerException = null) : Exception(message, innerException);
