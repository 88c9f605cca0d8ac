using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>How a query goes.</summary>
/// <param name="Question">What is asked.</param>
/// <param name="Target">Towards which key.</param>
internal sealed record WalkPlan(Question Question, Key256 Target)
{
    /// <summary>10: how many requests a query has under way.</summary>
    internal const int DefaultConcurrency = 10;

    /// <summary>Whether the node asks for itself: to join, or to refresh its table.</summary>
    internal bool IsUpkeep { get; init; }

    /// <summary>Whether it is one by which the node joins: a table that is still filling finds too few.</summary>
    internal bool IsJoining { get; init; }

    /// <summary>What it is called to those who watch lookups.</summary>
    internal string Kind => (Question.IsInternal, Question.Command) switch
    {
        (true, (uint)RpcInternalCommand.FindNode) => "find_node",
        (false, (uint)HyperCommand.FindPeer) => "find_peer",
        (false, (uint)HyperCommand.Lookup) => "lookup",
        (false, (uint)HyperCommand.Announce) => "announce",
        (false, (uint)HyperCommand.Unannounce) => "unannounce",
        (false, (uint)HyperCommand.MutableGet) => "mutable_get",
        (false, (uint)HyperCommand.MutablePut) => "mutable_put",
        (false, (uint)HyperCommand.ImmutableGet) => "immutable_get",
        (false, (uint)HyperCommand.ImmutablePut) => "immutable_put",
        _ => $"command_{Question.Command}",
    };

    /// <summary>Whether the answers of the walk are kept for a caller, who must take them: no more is asked while she does not.</summary>
    internal bool Keeps { get; init; }

    /// <summary>Whether the same question goes to the closest again, each with its token.</summary>
    internal bool Commits { get; init; }

    /// <summary>Whether the answers to the commit are kept as well.</summary>
    internal bool KeepsCommits { get; init; }

    /// <summary>Whether what went wrong with single nodes is put into words.</summary>
    internal bool Warns { get; init; }

    /// <summary>These are asked, and nobody else; null: the network.</summary>
    internal IReadOnlyList<UdpEndpoint>? Nodes { get; init; }

    /// <summary>How many requests may be under way; null: 10, and in the end 20 to the closest.</summary>
    internal int? Concurrency { get; init; }

    /// <summary>Called after anything changed; under the driver's lock, so it may only signal.</summary>
    internal Action Changed { get; init; } = static () => { };
}
