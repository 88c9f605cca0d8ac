namespace Kadstone.Kademlia;

/// <summary>The sizes and the patience of a <see cref="RoutingTable{TKey, TContact}"/>. Checked once, by its constructor.</summary>
public sealed record RoutingTableOptions
{
    /// <summary>Entries a bucket: the k of the Kademlia paper. Default 8; 1 to 1,024.</summary>
    public int BucketSize { get; init; } = 8;

    /// <summary>Entries of the first buckets, those that cover most of the keyspace, where they differ from <see cref="BucketSize"/>. Default: none do.</summary>
    /// <remarks>A wide first bucket begins a lookup nearer to its target: each doubling saves a bit of the way. 1 to 1,024 each.</remarks>
    public IReadOnlyList<int> FirstBucketSizes { get; init; } = [];

    /// <summary>Contacts a full bucket keeps in its replacement cache. Default 8; 0 keeps none.</summary>
    public int ReplacementSize { get; init; } = 8;

    /// <summary>Consecutive failures that make an entry bad: replaced, and no longer handed out. Default 2.</summary>
    /// <remarks>BEP 5: "Nodes become bad when they fail to respond to multiple queries in a row."</remarks>
    public int MaxFailures { get; init; } = 2;

    /// <summary>How long an entry may be silent before it should be checked. Default 15 minutes.</summary>
    /// <remarks>BEP 5: "After 15 minutes of inactivity, a node becomes questionable."</remarks>
    public TimeSpan DoubtfulAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a bucket may stay unchanged before a random key in it should be looked up. Default 15 minutes.</summary>
    /// <remarks>BEP 5: "Buckets that have not been changed in 15 minutes should be 'refreshed.'"</remarks>
    public TimeSpan RefreshAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The pause before an entry that failed once is checked again; doubles with each failure. Default 15 s.</summary>
    /// <remarks>A burst of loss lasts seconds: two checks within one burst would prove nothing.</remarks>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a contact that changed its key without having gone silent is refused. Default 5 minutes; zero only drops its entry.</summary>
    public TimeSpan KeyChangeBan { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Limits a host and a prefix. Default null: not counted.</summary>
    public DiversityLimits? Diversity { get; init; }

    internal int SizeOf(int bucket) => bucket < FirstBucketSizes.Count ? FirstBucketSizes[bucket] : BucketSize;

    internal void Validate()
    {
        foreach (int size in FirstBucketSizes)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1, nameof(FirstBucketSizes));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024, nameof(FirstBucketSizes));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(BucketSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BucketSize, 1024);
        ArgumentOutOfRangeException.ThrowIfNegative(ReplacementSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFailures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DoubtfulAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RefreshAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeyChangeBan, TimeSpan.Zero);
        Diversity?.Validate();
    }
}
