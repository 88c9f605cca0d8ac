namespace Kadstone.Ipfs;

/// <summary>The node does not hold the content that it was to provide.</summary>
/// <param name="cid">Which content.</param>
public sealed class ContentNotLocalException(Cid cid) : DhtException($"block {cid} not found locally, cannot provide")
{
    /// <summary>Which content.</summary>
    public Cid Cid { get; } = cid;
}
