namespace Kadstone.Ipfs;

/// <summary>How an IPNS name is published.</summary>
public sealed record PublishOptions : DhtOperationOptions
{
    /// <summary>How long this record is valid. Default 48 h. Those that follow, where the node signs it anew: <see cref="IpfsOptions.NameLifetime"/>.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>How long resolvers may keep it. Default 5 min.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Its number. Default null: one above the last that is known, here or in the network.</summary>
    public ulong? Sequence { get; init; }

    /// <summary>Whether the node puts it again every <see cref="IpfsOptions.RecordInterval"/>: signed anew each time while it holds the key, else as long as it is valid. Default true.</summary>
    public bool Keep { get; init; } = true;
}
