using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Core;

/// <summary>How a dht-rpc node behaves, as the pure core needs it.</summary>
internal sealed record RpcSettings
{
    internal AddressScope Scope { get; init; } = AddressScope.Public;

    internal bool Diversity { get; init; } = true;

    internal RateLimits Limits { get; init; } = new();

    /// <summary>Whether we carry an id from the start: others take us into their tables. It is the hash of the server socket's address.</summary>
    internal bool IsPersistent { get; init; }
}
