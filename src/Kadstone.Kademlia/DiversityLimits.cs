namespace Kadstone.Kademlia;

/// <summary>How many contacts of one host or one network prefix are taken. Where it is absent nothing is counted.</summary>
/// <remarks>Marcus, Heilman, Goldberg, "Low-Resource Eclipse Attacks on Ethereum's Peer-to-Peer Network" (2018): keys are
/// free, addresses are not. The figures for the table are those go-ethereum chose after it.</remarks>
public sealed record DiversityLimits
{
    /// <summary>Entries of a routing table on one host. Default 1.</summary>
    public int PerHost { get; init; } = 1;

    /// <summary>Entries of one bucket in one prefix. Default 2.</summary>
    public int PerPrefixInBucket { get; init; } = 2;

    /// <summary>Entries of a routing table in one prefix. Default 10.</summary>
    public int PerPrefixInTable { get; init; } = 10;

    /// <summary>Entries of a routing table in one prefix, as its part: one in so many, though always as many as in one bucket. Default 20.</summary>
    /// <remarks>A table in a network of a thousand has some sixty entries: ten from each of five prefixes would be nearly half of it.
    /// With one in twenty, five prefixes hold at most a quarter.</remarks>
    public int OneInPrefixOf { get; init; } = 20;

    /// <summary>Contacts of one host that a node lookup asks. Default 4: with three tries each, no host gets more than 12 packets.</summary>
    public int PerHostInLookup { get; init; } = 4;

    /// <summary>Contacts of one prefix that count among the closest of a node lookup; failed ones do not. Default 2.</summary>
    public int PerPrefixInLookup { get; init; } = 2;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PerHost, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PerPrefixInBucket, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PerPrefixInTable, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OneInPrefixOf, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PerHostInLookup, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PerPrefixInLookup, 1);
    }
}
