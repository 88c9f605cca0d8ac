namespace Kadstone.Ipfs;

/// <summary>How providers are sought.</summary>
public sealed record FindProvidersOptions : DhtOperationOptions
{
    /// <summary>How many providers are enough. Default 20; 0: as many as there are.</summary>
    public int NumProviders { get; init; } = 20;

    /// <summary>Whether only others are asked, and what this node knows itself is left out: then the answer is what a stranger would get. Default false.</summary>
    public bool AsksOthersOnly { get; init; }

    /// <summary>Whether <see cref="NotEnoughProvidersException"/> follows the last provider when there were fewer. Default true.</summary>
    public bool ThrowIfFewer { get; init; } = true;
}
