namespace Kadstone.Ipfs;

/// <summary>How content is provided.</summary>
public sealed record ProvideOptions : DhtOperationOptions
{
    /// <summary>Whether all that the content links to is provided with it, as <see cref="IpfsOptions.Links"/> says. Default false.</summary>
    public bool Recursive { get; init; }

    /// <summary>Whether peers are told as soon as they are surely near enough, and the call returns after 15 of 20. Default null: <see cref="IpfsOptions.OptimisticProvide"/>.</summary>
    public bool? Optimistic { get; init; }

    /// <summary>Whether the node tells it again every <see cref="IpfsOptions.ProvideInterval"/>, until <see cref="IpfsDht.StopProvidingAsync"/>. Default true.</summary>
    public bool Keep { get; init; } = true;
}
