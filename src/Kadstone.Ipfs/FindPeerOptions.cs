namespace Kadstone.Ipfs;

/// <summary>How a peer is sought.</summary>
public sealed record FindPeerOptions : DhtOperationOptions
{
    /// <summary>Whether the peer must be reached for an address to count. Default true; false returns what others say.</summary>
    public bool MustBeReached { get; init; } = true;
}
