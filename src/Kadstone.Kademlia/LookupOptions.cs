namespace Kadstone.Kademlia;

/// <summary>How a <see cref="NodeLookup{TKey, TContact}"/> proceeds. Checked once, by its constructor. The defaults are Mainline's.</summary>
public sealed record LookupOptions
{
    /// <summary>How many contacts are taken from one answer, the nearest of it. Default 8.</summary>
    public int Width { get; init; } = 8;

    /// <summary>Open requests at most, until the closing wave: the alpha of the Kademlia paper. Default 4.</summary>
    /// <remarks>Each one less saves a request a lookup (300 nodes, k = 8: 11, 10, 9 requests with 4, 3, 2) and, where requests get lost, costs time.</remarks>
    public int Parallelism { get; init; } = 4;

    /// <summary>The nearest so many are asked at once as soon as answers show that they are known. Default 8; 0 has no closing wave.</summary>
    public int ClosingParallelism { get; init; } = 8;

    /// <summary>The lookup ends when the nearest so many have all answered. Default 8.</summary>
    public int Quorum { get; init; } = 8;

    /// <summary>How long an open request holds its slot and the end of the lookup. Its answer stays welcome after it. Default 1 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Contacts remembered at most; when full the farthest unasked one makes room. Default 128.</summary>
    public int MaxCandidates { get; init; } = 128;

    /// <summary>Requests at most. Default 200.</summary>
    public int MaxRequests { get; init; } = 200;

    /// <summary>Limits a host and a prefix. Default null: not counted.</summary>
    public DiversityLimits? Diversity { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ClosingParallelism);
        ArgumentOutOfRangeException.ThrowIfLessThan(Quorum, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Patience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCandidates, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequests, 1);
        Diversity?.Validate();
    }
}
