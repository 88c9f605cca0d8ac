using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>How one query goes.</summary>
public sealed record RpcQueryOptions
{
    /// <summary>Asks these nodes and no other: the query moves no closer, and its width is their number. Null, the default, walks the network.</summary>
    public IReadOnlyList<UdpEndpoint>? Nodes { get; init; }

    /// <summary>How many requests may be under way: 1 to 256. Null, the default, is the wire's own (10 today, 16 in the first generation).</summary>
    public int? Concurrency { get; init; }

    /// <summary>Whether a query with a commit also gives the answers of its walk. Default false: those of the commit alone.</summary>
    public bool Verbose { get; init; }

    /// <summary>Whether a node that does not answer is tried once more through the node that named it. First generation only; default true.</summary>
    public bool Holepunching { get; init; } = true;

    /// <summary>How long the query with its commits may take. Null, the default, is <see cref="RpcOptions.QueryTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }
}
