namespace Kadstone.Hyperswarm;

/// <summary>What a handler answers. The closer nodes are added to it.</summary>
/// <param name="Value">The value; null for none. What makes the datagram longer than 1,400 bytes is not sent.</param>
/// <param name="Error">The error's number; 0 for none.</param>
/// <param name="GivesToken">Whether the answer carries a token for a commit. An error carries none.</param>
public readonly record struct RpcReply(ReadOnlyMemory<byte>? Value, uint Error = 0, bool GivesToken = true)
{
    /// <summary>An answer without a value.</summary>
    public static RpcReply Empty => new(null);

    /// <summary>An answer with an error instead of a value.</summary>
    public static RpcReply Refused(uint error) => new(null, error, GivesToken: false);
}
