using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>How a node of generation 1 behaves, as the pure core needs it.</summary>
internal sealed record Gen1Settings
{
    internal AddressScope Scope { get; init; } = AddressScope.Public;

    internal bool Diversity { get; init; } = true;

    internal RateLimits Limits { get; init; } = new();

    /// <summary>Our id, of 32 bytes that nobody prescribes; null draws one.</summary>
    internal Key256? Id { get; init; }

    /// <summary>Whether we tell nobody our id, so that nobody keeps us in a table.</summary>
    internal bool IsEphemeral { get; init; }

    /// <summary>Whether the command <c>peers</c> is served: hyperdht 1, and not dht-rpc alone.</summary>
    internal bool ServesPeers { get; init; }
}
