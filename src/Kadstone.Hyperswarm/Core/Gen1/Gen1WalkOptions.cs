using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>How one walk goes.</summary>
internal sealed record Gen1WalkOptions
{
    /// <summary>Open requests at most; those that are late do not count.</summary>
    internal int Concurrency { get; init; } = 16;

    /// <summary>Whether answers are kept for a caller, who must take them: no more is asked while she does not.</summary>
    internal bool Keeps { get; init; }

    /// <summary>Whether the same question goes to the closest again, each with its token.</summary>
    internal bool Commits { get; init; }

    /// <summary>Whether the answers before a commit are kept, too.</summary>
    internal bool IsVerbose { get; init; }

    /// <summary>Whether whoever is silent is tried once more by way of the node that named it.</summary>
    internal bool Holepunches { get; init; } = true;

    /// <summary>These endpoints and no other; null walks the network.</summary>
    internal IReadOnlyList<UdpEndpoint>? Nodes { get; init; }

    /// <summary>Called after anything changed; under the driver's lock, so it may only signal.</summary>
    internal Action? Changed { get; init; }
}
