namespace Kadstone.Daemon.V1.Publishing;

/// <summary>What is told to a network again and again: as it stands in the store.</summary>
internal sealed record KeptPublication
{
    public const string Announcement = "announcement";

    public required string Id { get; init; }

    public required string Network { get; init; }

    /// <summary>announcement, value or name.</summary>
    public required string Kind { get; init; }

    /// <summary>Under which key it is found.</summary>
    public required string Key { get; init; }

    /// <summary>Of an announcement; null: the node's own.</summary>
    public int? Port { get; init; }

    /// <summary>Of a value; empty for announcements.</summary>
    public byte[] Value { get; init; } = [];

    public bool IsMutable { get; init; }

    public byte[] Salt { get; init; } = [];

    public long? Sequence { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsAnnouncement => Kind == Announcement;
}
