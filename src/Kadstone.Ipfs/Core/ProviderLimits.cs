namespace Kadstone.Ipfs.Core;

/// <summary>The bounds of a <see cref="ProviderTable"/>.</summary>
internal sealed record ProviderLimits
{
    /// <summary>All provider records. Default 200,000: some 60 MB at worst.</summary>
    public int Total { get; init; } = 200_000;

    /// <summary>Providers of one key. Default 1,000.</summary>
    public int PerKey { get; init; } = 1_000;

    /// <summary>Keys of one provider. Default 25,000, an eighth of all.</summary>
    public int PerPeer { get; init; } = 25_000;
}
