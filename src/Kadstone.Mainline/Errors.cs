namespace Kadstone.Mainline;

/// <summary>A lookup or a write did not end within its time.</summary>
public sealed class DhtTimeoutException(string message) : TimeoutException(message);

/// <summary>There is nobody to ask: no node of the network answers.</summary>
public sealed class NoNetworkException(string message) : IOException(message);

/// <summary>The network refused what was asked, with an error code.</summary>
public sealed class RejectedException(string message, KrpcErrorCode code) : IOException(message)
{
    /// <summary>The code of the refusal.</summary>
    public KrpcErrorCode Code { get; } = code;
}
