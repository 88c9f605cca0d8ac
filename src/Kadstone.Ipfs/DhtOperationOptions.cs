namespace Kadstone.Ipfs;

/// <summary>What every operation may be told.</summary>
public record DhtOperationOptions
{
    /// <summary>How long the whole operation may take; then it throws <see cref="DhtTimeoutException"/>. Default null: <see cref="IpfsOptions.OperationTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }
}
