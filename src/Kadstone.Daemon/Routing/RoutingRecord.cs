using System.Text.Json.Serialization;

namespace Kadstone.Daemon.Routing;

/// <summary>A peer, as Delegated Routing V1 writes it.</summary>
internal sealed record RoutingRecord(string Schema, string ID, IReadOnlyList<string> Addrs, IReadOnlyList<string> Protocols);

internal sealed record RoutingProviders(IReadOnlyList<RoutingRecord> Providers);

internal sealed record RoutingPeers(IReadOnlyList<RoutingRecord> Peers);

/// <summary>Writers of <see cref="RoutingRecord"/> and its kin, made at compile time.</summary>
[JsonSerializable(typeof(RoutingRecord))]
[JsonSerializable(typeof(RoutingProviders))]
[JsonSerializable(typeof(RoutingPeers))]
internal sealed partial class RoutingJson : JsonSerializerContext;
