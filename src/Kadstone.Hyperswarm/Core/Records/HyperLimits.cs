namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>How much a storing node keeps, and for whom.</summary>
/// <remarks>
/// npm hyperdht 6 keeps 65,536 records, routes and refresh tokens for about 20 minutes and 32,768 values of each kind for 48 hours, and
/// counts no sources. An honest host announces to the 20 closest of many nodes, so that even one with thousands of topics leaves a handful here.
/// </remarks>
internal sealed record HyperLimits
{
    /// <summary>The peer records of all topics. A full table is 10 MB.</summary>
    internal int Records { get; init; } = 65_536;

    /// <summary>The records of one topic: an answer gives 20 of them at random.</summary>
    internal int RecordsPerTopic { get; init; } = 256;

    /// <summary>The records of one source under one topic; null for no limit.</summary>
    internal SourceLimits? PerTopic { get; init; } = new(4, 16);

    /// <summary>The records, and as many routes, of one source; null for no limit.</summary>
    internal SourceLimits? PerSource { get; init; } = new(1_000, 4_000);

    /// <summary>The servers that we relay to, and as many refresh tokens.</summary>
    internal int Routes { get; init; } = 65_536;

    /// <summary>How long records, routes and refresh tokens live.</summary>
    internal TimeSpan RecordLifetime { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How far ahead of our clock a bump may be.</summary>
    internal TimeSpan BumpDrift { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Signatures checked a second: 50 microseconds each.</summary>
    internal int Checks { get; init; } = 2_000;

    /// <summary>The same for one source; null for no limit.</summary>
    internal SourceLimits? ChecksPerSource { get; init; } = new(100, 400);

    /// <summary>Messages relayed a second.</summary>
    internal int Forwards { get; init; } = 5_000;

    /// <summary>The same from one source, and to one destination; null for no limit.</summary>
    internal SourceLimits? ForwardsPerSource { get; init; } = new(100, 400);

    /// <summary>Values put an hour by one source: in the 48 hours of a value's life one host fills less than half a shelf. Null for no limit.</summary>
    internal SourceLimits? PutsPerSource { get; init; } = new(256, 512);

    /// <summary>Values of each kind that the store is given.</summary>
    internal int Values { get; init; } = 32_768;

    /// <summary>How long the store keeps them.</summary>
    internal TimeSpan ValueLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>Immutable values that are answered from memory.</summary>
    internal int CachedValues { get; init; } = 4_096;

    /// <summary>The same limits without those that count sources, for networks of many nodes on one address.</summary>
    internal HyperLimits WithoutDiversity() => this with { PerTopic = null, PerSource = null, ChecksPerSource = null, ForwardsPerSource = null, PutsPerSource = null };
}
