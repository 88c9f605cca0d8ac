namespace Kadstone.Ipfs.Core;

/// <summary>The figures of a kad-dht node. The defaults are those of the public network.</summary>
internal sealed record KadSettings
{
    /// <summary>10: alpha of the public network.</summary>
    public const int UsualParallelism = 10;

    public required PeerId Self { get; init; }

    public required AddressPolicy Policy { get; init; }

    public required RecordRules Rules { get; init; }

    /// <summary>How many peers make up a bucket, an answer and the closest: k.</summary>
    public int Width { get; init; } = 20;

    /// <summary>How many requests of one query are open: alpha.</summary>
    public int Parallelism { get; init; } = UsualParallelism;

    /// <summary>How many of the nearest must have answered before the rest of the k nearest are asked: beta.</summary>
    public int Resiliency { get; init; } = 3;

    /// <summary>How long an open request holds its slot.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the table is refreshed.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Open requests of all queries.</summary>
    public int MaxOpen { get; init; } = 256;

    /// <summary>Peers whose addresses are remembered.</summary>
    public int MaxKnownPeers { get; init; } = 8192;

    /// <summary>Whether a key with suspiciously near peers is told and sought in the region around it, and no network makes up the closest alone.</summary>
    public bool GuardsKeys { get; init; } = true;

    /// <summary>How many requests a second one peer may send; null: any.</summary>
    public int? RequestsPerSecond { get; init; }

    public ProviderLimits Providers { get; init; } = new();
}
