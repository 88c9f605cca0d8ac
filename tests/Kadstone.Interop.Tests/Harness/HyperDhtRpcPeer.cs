using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm dht-rpc 6: nodes with custom commands, and nothing else.</summary>
internal class DhtRpcPeer : HyperPeer
{
    protected DhtRpcPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    /// <summary>Reachable nodes, persistent at once, that join by way of the bootstrap nodes; without any, the first is the others'.</summary>
    public static async Task<DhtRpcPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(nodes);
        return new DhtRpcPeer(await StartScriptAsync("dht-rpc", "dht-rpc-peer.mjs", ports, bootstrap, ephemeral: false), ports);
    }

    /// <summary>A node that nobody keeps in a table.</summary>
    public static async Task<DhtRpcPeer> StartEphemeralAsync(params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(1);
        return new DhtRpcPeer(await StartScriptAsync("dht-rpc", "dht-rpc-peer.mjs", ports, bootstrap, ephemeral: true), ports);
    }

    /// <summary>Puts an endpoint into a node's table without asking it.</summary>
    public Task AddNodeAsync(string endpoint, int node = 0) => AskAsync("add_node", node, new() { ["to"] = endpoint });

    public async Task<HyperReply> PingAsync(string endpoint, int node = 0) => HyperReply.Read(await AskAsync("ping", node, new() { ["to"] = endpoint }));

    public async Task<HyperReply> DelayedPingAsync(string endpoint, TimeSpan delay, int node = 0) =>
        HyperReply.Read(await AskAsync("delayed_ping", node, new() { ["to"] = endpoint, ["delay"] = (int)delay.TotalMilliseconds }));

    /// <returns>The endpoints of the closest nodes that answered.</returns>
    public async Task<IReadOnlyList<string>> FindNodeAsync(string target, int node = 0) =>
        Strings(await AskAsync("find_node", node, new() { ["target"] = target }), "closest");

    /// <summary>Makes nodes answer a command: echo, fixed (value), error (code), silent, or store, which an update sets and a query gets.</summary>
    /// <param name="node">One node; null for all of the process.</param>
    public Task RegisterAsync(int command, string mode, string? value = null, int? code = null, int? node = null)
    {
        JsonObject question = new() { ["command"] = command, ["mode"] = mode };
        AddIfGiven(question, "value", value);
        AddIfGiven(question, "code", code);
        AddIfGiven(question, "node", node);
        return Script.AskAsync("register", question);
    }

    /// <summary>Requests of registered commands that came to a node: command, from {id, endpoint}, to, target, value, token.</summary>
    public async Task<IReadOnlyList<JsonObject>> GetReceivedAsync(int node = 0) =>
        [.. (await AskAsync("received", node))["requests"]!.AsArray().Select(request => request!.AsObject())];

    /// <summary>One request to one endpoint.</summary>
    public async Task<HyperReply> RequestAsync(string endpoint, int command, string? target = null, string? value = null, string? token = null, int node = 0)
    {
        JsonObject question = new() { ["to"] = endpoint, ["command"] = command };
        AddIfGiven(question, "target", target);
        AddIfGiven(question, "value", value);
        AddIfGiven(question, "token", token);
        return HyperReply.Read(await AskAsync("request", node, question));
    }

    /// <summary>A query to the nodes closest to the target.</summary>
    /// <param name="commit">Whether the same request goes to them again, with their token.</param>
    public async Task<IReadOnlyList<HyperReply>> QueryAsync(int command, string target, string? value = null, bool commit = false, int node = 0)
    {
        JsonObject question = new() { ["command"] = command, ["target"] = target, ["commit"] = commit };
        AddIfGiven(question, "value", value);
        return [.. (await AskAsync("query", node, question))["results"]!.AsArray().Select(answer => HyperReply.Read(answer!))];
    }

    /// <summary>The package's own counters; of a command, tx counts requests sent and rx their answers.</summary>
    public async Task<JsonObject> GetStatsAsync(int node = 0) => (await AskAsync("stats", node))["stats"]!.AsObject();
}
