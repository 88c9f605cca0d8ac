using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>A network at one moment.</summary>
internal sealed record NetworkFacts
{
    public required string? Id { get; init; }

    public required string Keyspace { get; init; }

    public required IReadOnlyList<string> Addresses { get; init; }

    public required int Contacts { get; init; }

    public double? EstimatedNodes { get; init; }

    public double? EstimatedDeviation { get; init; }

    /// <summary>server, client, persistent or ephemeral: in the network's own word.</summary>
    public required string Mode { get; init; }

    /// <summary>Null: nobody has proved it either way.</summary>
    public required bool? Reachable { get; init; }

    /// <summary>Whether the first join is over.</summary>
    public required bool IsReady { get; init; }

    public required long StoredPeers { get; init; }

    public required TrafficCounts Traffic { get; init; }

    /// <summary>What the network says of itself that the counts do not; null: nothing.</summary>
    public VerdictAnswer? Trouble { get; init; }

    /// <summary>What opens the way to us, as in "forward UDP port 6881".</summary>
    public required string Door { get; init; }
}
