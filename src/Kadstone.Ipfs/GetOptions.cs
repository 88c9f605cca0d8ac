namespace Kadstone.Ipfs;

/// <summary>How a value is sought.</summary>
public sealed record GetOptions : DhtOperationOptions
{
    /// <summary>How many peers' values are enough to choose the best of. Default null: 16, and 1 where all valid values are alike (<c>pk</c>). 0: the lookup runs to its end.</summary>
    public int? Quorum { get; init; }
}
