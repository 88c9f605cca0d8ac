namespace Kadstone.Ipfs;

/// <summary>How providers are sought.</summary>
public sealed record FindProvidersOptions : DhtOperationOptions
{
    /// <summary>How many providers are enough. Default 20; 0: as many as there are.</summary>
    public int NumProviders { get; init; } = 20;

    /// <summary>Whether <see cref="NotEnoughProvidersException"/> follows the last provider when there were fewer. Default true.</summary>
    public bool ThrowIfFewer { get; init; } = true;
}
