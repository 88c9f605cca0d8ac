namespace Kadstone.Libp2p;

/// <summary>No address of the peer led to it, or the last try is too short a while ago.</summary>
public sealed class PeerUnreachableException(string message, Exception? innerException = null) : IOException(message, innerException)
{
    /// <summary>Whether nothing was tried, because the last try is too short a while ago.</summary>
    public bool IsBackoff { get; init; }
}
