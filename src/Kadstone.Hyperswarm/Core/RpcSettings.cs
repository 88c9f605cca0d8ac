using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core;

/// <summary>How a dht-rpc node behaves, as the pure core needs it.</summary>
internal sealed record RpcSettings
{
    internal AddressScope Scope { get; init; } = AddressScope.Public;

    internal bool Diversity { get; init; } = true;

    internal RateLimits Limits { get; init; } = new();

    /// <summary>Whether we take ourselves as reachable: we carry an id from the start, and others take us into their tables.</summary>
    internal bool IsPersistent { get; init; }

    /// <summary>Whether an ephemeral node becomes persistent when it proves reachable, and a persistent one ephemeral when its address changes.</summary>
    internal bool IsAdaptive { get; init; }

    /// <summary>Whether the node becomes persistent as soon as others have told it its address, reachable or not.</summary>
    internal bool IsForced { get; init; }

    /// <summary>The address that others see, from which the id of a node that is persistent from the start follows; null: the server socket's.</summary>
    internal UdpEndpoint? External { get; init; }
}
