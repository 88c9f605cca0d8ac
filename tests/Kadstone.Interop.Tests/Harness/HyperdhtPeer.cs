using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm hyperdht 6, which is a dht-rpc with commands of its own. Key pairs are told by their seed of 64 hex digits.</summary>
internal sealed class HyperdhtPeer : DhtRpcPeer
{
    private HyperdhtPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    /// <summary>Reachable nodes, persistent at once, that join by way of the bootstrap nodes; without any, the first is the others'.</summary>
    public static new async Task<HyperdhtPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(nodes);
        return new HyperdhtPeer(await StartScriptAsync("hyperdht", "hyperdht-peer.mjs", ports, bootstrap, ephemeral: false), ports);
    }

    /// <summary>A node that nobody keeps in a table.</summary>
    public static new async Task<HyperdhtPeer> StartEphemeralAsync(params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(1);
        return new HyperdhtPeer(await StartScriptAsync("hyperdht", "hyperdht-peer.mjs", ports, bootstrap, ephemeral: true), ports);
    }

    /// <returns>The public key, and its target: where its owner announces itself.</returns>
    public async Task<(string PublicKey, string Target)> GetKeyPairAsync(string seed)
    {
        JsonObject answer = await AskAsync("key_pair", 0, new() { ["seed"] = seed });
        return ((string)answer["publicKey"]!, (string)answer["target"]!);
    }

    /// <returns>The public key, and the endpoints of the nodes that were asked to store it.</returns>
    public async Task<(string PublicKey, IReadOnlyList<string> Stored)> AnnounceAsync(string target, string seed, IReadOnlyList<string>? relays = null, int node = 0)
    {
        JsonObject question = new() { ["target"] = target, ["seed"] = seed, ["relays"] = new JsonArray([.. (relays ?? []).Select(relay => JsonValue.Create(relay))]) };
        JsonObject answer = await AskAsync("announce", node, question);
        return ((string)answer["publicKey"]!, Strings(answer, "stored"));
    }

    /// <returns>The public keys found.</returns>
    public async Task<IReadOnlyList<string>> LookupAsync(string target, int node = 0) => Strings(await GetLookupAsync(target, node), "peers");

    /// <returns>Answer by answer in "results": from, to, bump, peers {publicKey, relays}.</returns>
    public Task<JsonObject> GetLookupAsync(string target, int node = 0) => AskAsync("lookup", node, new() { ["target"] = target });

    public Task UnannounceAsync(string target, string seed, int node = 0) => AskAsync("unannounce", node, new() { ["target"] = target, ["seed"] = seed });

    /// <returns>The endpoints of the nodes that know the peer.</returns>
    public async Task<IReadOnlyList<string>> FindPeerAsync(string publicKey, int node = 0) =>
        [.. (await AskAsync("find_peer", node, new() { ["publicKey"] = publicKey }))["results"]!.AsArray().Select(answer => (string)answer!["from"]!)];

    /// <returns>The public key, and the endpoints of the nodes that were asked to store it.</returns>
    public async Task<(string PublicKey, IReadOnlyList<string> Stored)> PutMutableAsync(string seed, string value, int sequence, int node = 0)
    {
        JsonObject answer = await AskAsync("mutable_put", node, new() { ["seed"] = seed, ["value"] = Hex(value), ["seq"] = sequence });
        return ((string)answer["publicKey"]!, Strings(answer, "closest"));
    }

    public async Task<(string? Value, int? Sequence)> GetMutableAsync(string publicKey, int sequence = 0, int node = 0)
    {
        JsonObject answer = await AskAsync("mutable_get", node, new() { ["publicKey"] = publicKey, ["seq"] = sequence });
        return (Text(answer), (int?)answer["seq"]);
    }

    /// <returns>The target, and the endpoints of the nodes that were asked to store it.</returns>
    public async Task<(string Target, IReadOnlyList<string> Stored)> PutImmutableAsync(string value, int node = 0)
    {
        JsonObject answer = await AskAsync("immutable_put", node, new() { ["value"] = Hex(value) });
        return ((string)answer["target"]!, Strings(answer, "closest"));
    }

    public async Task<string?> GetImmutableAsync(string target, int node = 0) => Text(await AskAsync("immutable_get", node, new() { ["target"] = target }));

    /// <summary>Starts a server that echoes, and that announces itself, so that it can be found.</summary>
    /// <returns>Its public key.</returns>
    public async Task<string> ListenAsync(string seed, int node = 0) => (string)(await AskAsync("listen", node, new() { ["seed"] = seed }))["publicKey"]!;

    public Task CloseServerAsync(string publicKey) => AskAsync("close_server", 0, new() { ["publicKey"] = publicKey });

    /// <summary>Connects to a server and sends it a value.</summary>
    /// <returns>What comes back first.</returns>
    public async Task<string?> ConnectAsync(string publicKey, string value, int node = 0) =>
        Text(await AskAsync("connect", node, new() { ["publicKey"] = publicKey, ["value"] = Hex(value) }));

    private static string? Text(JsonObject answer) => (string?)answer["value"] is { } hex ? System.Text.Encoding.UTF8.GetString(Convert.FromHexString(hex)) : null;
}
