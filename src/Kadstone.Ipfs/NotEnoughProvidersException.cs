namespace Kadstone.Ipfs;

/// <summary>Fewer providers were found than were wanted. Those that were have been yielded.</summary>
/// <param name="found">How many were found.</param>
/// <param name="wanted">How many were wanted.</param>
public sealed class NotEnoughProvidersException(int found, int wanted) : DhtException($"{found} providers were found, {wanted} were wanted.")
{
    /// <summary>How many were found.</summary>
    public int Found { get; } = found;

    /// <summary>How many were wanted.</summary>
    public int Wanted { get; } = wanted;
}
