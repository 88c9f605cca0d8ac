using System.Text.Json.Serialization;

namespace Kadstone.Daemon.Kubo;

// The objects of Kubo's RPC: names and cases are on the wire.

/// <summary>What went wrong, before the first byte of an answer.</summary>
internal sealed record KuboError(string Message, int Code, string Type);

/// <summary>A step of a query.</summary>
internal sealed record KuboEvent(string Extra, string ID, IReadOnlyList<KuboPeer>? Responses, int Type);

/// <summary>A peer and where it is. <c>Addrs</c> is never null: the clients ask for its length.</summary>
internal sealed record KuboPeer(string ID, IReadOnlyList<string> Addrs);

internal sealed record KuboIdentity(string ID, string PublicKey, IReadOnlyList<string> Addresses, string AgentVersion, string ProtocolVersion, IReadOnlyList<string> Protocols);

internal sealed record KuboVersion(string Version, string Commit, string Repo, string System, string Golang);

internal sealed record KuboPong(bool Success, long Time, string Text);

internal sealed record KuboStrings(IReadOnlyList<string> Strings);

internal sealed record KuboConnections(IReadOnlyList<KuboConnection> Peers);

/// <summary>A connection; what was not asked for is left out.</summary>
internal sealed record KuboConnection(
    string Addr,
    string Peer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Direction,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Muxer);

internal sealed record KuboAddresses(IReadOnlyDictionary<string, IReadOnlyList<string>> Addrs);

internal sealed record KuboAdded(string Name, string Hash, string Size);

internal sealed record KuboBlock(string Key, int Size);

internal sealed record KuboObject(string Hash, IReadOnlyList<string> Links);

internal sealed record KuboKey(string Name, string Id);

internal sealed record KuboKeys(IReadOnlyList<KuboKey> Keys);

internal sealed record KuboPublished(string Name, string Value);

internal sealed record KuboPath(string Path);

internal sealed record KuboBootstrap(IReadOnlyList<string> Peers);

internal sealed record KuboTable(string Name, IReadOnlyList<KuboBucket> Buckets);

internal sealed record KuboBucket(string LastRefresh, IReadOnlyList<KuboTablePeer> Peers);

internal sealed record KuboTablePeer(string ID, bool Connected, string AgentVersion, string LastUsefulAt, string LastQueriedAt);
