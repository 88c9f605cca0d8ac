using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm dht-rpc 2.3.0: the first generation, with commands by name.</summary>
internal sealed class Gen1RpcPeer : Gen1Peer
{
    private Gen1RpcPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    /// <summary>Nodes that join by way of the bootstrap nodes; without any, the first is the others'.</summary>
    public static async Task<Gen1RpcPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(nodes);
        return new Gen1RpcPeer(await StartScriptAsync("gen1-dht-rpc", "gen1-rpc-peer.cjs", ports, bootstrap, ephemeral: false), ports);
    }

    /// <summary>A node that nobody keeps in a table: a client, or a bootstrap node.</summary>
    public static async Task<Gen1RpcPeer> StartEphemeralAsync(params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(1);
        return new Gen1RpcPeer(await StartScriptAsync("gen1-dht-rpc", "gen1-rpc-peer.cjs", ports, bootstrap, ephemeral: true), ports);
    }

    /// <summary>Makes nodes answer a command: store (an update sets what a query gets), echo, fixed (value) or silent.</summary>
    /// <param name="node">One node; null for all of the process.</param>
    public Task RegisterAsync(string command, string mode = "store", string? value = null, int? node = null)
    {
        JsonObject question = new() { ["command"] = command, ["mode"] = mode };
        AddIfGiven(question, "value", value);
        AddIfGiven(question, "node", node);
        return Script.AskAsync("register", question);
    }

    /// <summary>Requests of registered commands that came to a node: kind (query or update), command, from, id, target, value.</summary>
    public async Task<IReadOnlyList<JsonObject>> GetReceivedAsync(int node = 0) =>
        [.. (await AskAsync("received", node))["requests"]!.AsArray().Select(request => request!.AsObject())];

    /// <summary>Pings that a node passed on, as "from > to".</summary>
    public async Task<IReadOnlyList<string>> GetPunchesAsync(int node = 0) =>
        [.. (await AskAsync("received", node))["punches"]!.AsArray().Select(punch => $"{(string)punch!["from"]!} > {(string)punch["to"]!}")];

    /// <returns>The values in hex that the nodes answered with, by endpoint; null for none.</returns>
    public Task<IReadOnlyDictionary<string, string?>> QueryAsync(string command, string target, string? value = null, int node = 0) => CallAsync("query", command, target, value, node);

    /// <summary>The <c>closest</c> of version 1: a query, and then an update of the closest nodes.</summary>
    /// <returns>What the closest answered to the update, by endpoint; null for no value.</returns>
    public Task<IReadOnlyDictionary<string, string?>> UpdateAsync(string command, string target, string? value = null, int node = 0) => CallAsync("update", command, target, value, node);

    private async Task<IReadOnlyDictionary<string, string?>> CallAsync(string verb, string command, string target, string? value, int node)
    {
        JsonObject question = new() { ["command"] = command, ["target"] = target };
        AddIfGiven(question, "value", value);
        JsonObject answer = await AskAsync(verb, node, question);
        return answer["results"]!.AsArray().ToDictionary(result => (string)result!["from"]!, result => (string?)result!["value"]);
    }
}
