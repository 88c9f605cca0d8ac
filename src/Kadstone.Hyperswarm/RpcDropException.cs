namespace Kadstone.Hyperswarm;

/// <summary>Thrown by a handler that does not want to answer: the request is dropped without a word, in the log neither.</summary>
public sealed class RpcDropException : Exception
{
    /// <summary>Drops the request.</summary>
    public RpcDropException()
        : base("The request is dropped.")
    {
    }
}
