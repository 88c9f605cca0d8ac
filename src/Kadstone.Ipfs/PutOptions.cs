namespace Kadstone.Ipfs;

/// <summary>How a value is put.</summary>
public sealed record PutOptions : DhtOperationOptions
{
    /// <summary>Whether the node puts it again every <see cref="IpfsOptions.RecordInterval"/> as long as it is valid. Default false.</summary>
    public bool Keep { get; init; }
}
