using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>One process of real Hyperswarm nodes, of either generation. The scripts lie under peers/hyper/; keys, targets and values are told in hex.</summary>
internal abstract class HyperPeer(JsonLinesProcess script, IReadOnlyList<int> ports) : IAsyncDisposable
{
    /// <summary>Node by node, as "127.0.0.1:port".</summary>
    public IReadOnlyList<string> Endpoints { get; } = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))];

    /// <summary>The first node's. It is the bootstrap node of the others, unless they were given another.</summary>
    public string Endpoint => Endpoints[0];

    protected JsonLinesProcess Script { get; } = script;

    /// <summary>64 hex digits by chance: a target, a topic, or the seed of a key pair.</summary>
    public static string NextKey() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    public static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    /// <returns>The id in hex; null if the node is ephemeral.</returns>
    public async Task<string?> GetNodeIdAsync(int node = 0) => (string?)(await AskAsync("nodes", node))["nodeId"];

    /// <summary>The endpoints in a node's routing table.</summary>
    public async Task<IReadOnlyList<string>> GetLiveNodesAsync(int node = 0) => Strings(await AskAsync("live_nodes", node), "nodes");

    /// <summary>Waits until a node's routing table holds that endpoint.</summary>
    public Task WaitForNodeAsync(string endpoint, int node = 0) =>
        Eventually.ContainsAsync($"the table of {Endpoints[node]}", () => GetLiveNodesAsync(node), endpoint);

    /// <summary>Waits until every node of the process has another of it in its table.</summary>
    public async Task WaitForNetworkAsync()
    {
        for (int node = 0; node < Endpoints.Count && Endpoints.Count > 1; node++)
        {
            await WaitForNodeAsync(Endpoints[node == 0 ? 1 : 0], node);
        }
    }

    /// <summary>Any command of the script; see there.</summary>
    public Task<JsonObject> AskAsync(string command, int node, JsonObject? arguments = null, bool allowError = false)
    {
        JsonObject question = arguments ?? [];
        question["node"] = node;
        return Script.AskAsync(command, question, allowError);
    }

    public ValueTask DisposeAsync() => Script.DisposeAsync();

    protected static Task<JsonLinesProcess> StartScriptAsync(string package, string script, IReadOnlyList<int> ports, IReadOnlyList<string> bootstrap, bool ephemeral)
    {
        HyperPackages.Require(package);

        // The first generation is older than Buffer.from: without the flag, node complains into every transcript.
        string[] arguments =
        [
            "--no-deprecation", Path.Combine(HyperPackages.Folder, script), "--ports", string.Join(',', ports), "--bootstrap", string.Join(',', bootstrap),
            .. ephemeral ? ["--ephemeral"] : Array.Empty<string>(),
        ];
        return JsonLinesProcess.StartAsync(package, "node", arguments);
    }

    protected static IReadOnlyList<string> Strings(JsonNode answer, string name) => [.. answer[name]!.AsArray().Select(value => (string)value!)];

    protected static void AddIfGiven<T>(JsonObject question, string name, T? value)
    {
        if (value is not null)
        {
            question[name] = JsonValue.Create(value);
        }
    }
}
