using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

internal sealed record MutableItem(string? Value, long? Sequence);

/// <param name="Stored">How many nodes took it.</param>
/// <param name="Error">What the peer's library says, if it failed.</param>
internal sealed record PutOutcome(int Stored, long? Sequence, string? Error);

/// <summary>One process of real Mainline nodes; all the scripts under peers/ understand the same commands.</summary>
internal abstract class MainlinePeer(JsonLinesProcess script, IReadOnlyList<int> ports) : IAsyncDisposable
{
    /// <summary>Node by node, as "127.0.0.1:port".</summary>
    public IReadOnlyList<string> Endpoints { get; } = [.. ports.Select(port => $"127.0.0.1:{port}")];

    public string Endpoint => Endpoints[0];

    protected JsonLinesProcess Script { get; } = script;

    /// <summary>The endpoints in a node's routing table.</summary>
    public async Task<IReadOnlyList<string>> GetLiveNodesAsync(int node = 0) => Strings(await Script.AskAsync("live_nodes", new() { ["node"] = node }), "nodes");

    /// <summary>Waits until a node's routing table holds that endpoint.</summary>
    public Task WaitForNodeAsync(string endpoint, int node = 0) =>
        Eventually.ContainsAsync($"the table of {Endpoints[node]}", () => GetLiveNodesAsync(node), endpoint);

    public Task AddNodeAsync(string endpoint, int node = 0)
    {
        (string host, int port) = Split(endpoint);
        return Script.AskAsync("add_node", new() { ["host"] = host, ["port"] = port, ["node"] = node });
    }

    public async Task<IReadOnlyList<string>> GetPeersAsync(string infoHash, int node = 0) =>
        Strings(await Script.AskAsync("get_peers", new() { ["infohash"] = infoHash, ["node"] = node }), "peers");

    /// <returns>The port that was announced: libtorrent knows none but its own.</returns>
    public async Task<int> AnnounceAsync(string infoHash, int node = 0) =>
        (int)(await Script.AskAsync("announce", new() { ["infohash"] = infoHash, ["port"] = FreePorts.Next(), ["node"] = node }))["port"]!;

    public async Task<(string Target, int Stored)> PutImmutableAsync(string value, int node = 0)
    {
        JsonObject answer = await Script.AskAsync("put_immutable", new() { ["value"] = value, ["node"] = node });
        return ((string)answer["target"]!, (int)answer["stored"]!);
    }

    public async Task<string?> GetImmutableAsync(string target, int node = 0) =>
        (string?)(await Script.AskAsync("get_immutable", new() { ["target"] = target, ["node"] = node }))["value"];

    /// <param name="sequence">Not for libtorrent, which takes the next one by itself.</param>
    /// <param name="expectedSequence">BEP 44's cas; not for libtorrent.</param>
    public async Task<PutOutcome> PutMutableAsync(SigningKey key, string value, long? sequence = null, long? expectedSequence = null, string? salt = null, int node = 0)
    {
        JsonObject question = new() { ["seed"] = key.Seed, ["secretKey"] = key.ExpandedSecretKey, ["publicKey"] = key.PublicKey, ["value"] = value, ["node"] = node };
        AddIfGiven(question, "seq", sequence);
        AddIfGiven(question, "cas", expectedSequence);
        AddIfGiven(question, "salt", salt);
        JsonObject answer = await Script.AskAsync("put_mutable", question, allowError: true);
        return new PutOutcome((int?)answer["stored"] ?? 0, (long?)answer["seq"], (string?)answer["error"]);
    }

    public async Task<MutableItem> GetMutableAsync(SigningKey key, string? salt = null, int node = 0)
    {
        JsonObject question = new() { ["publicKey"] = key.PublicKey, ["node"] = node };
        AddIfGiven(question, "salt", salt);
        JsonObject answer = await Script.AskAsync("get_mutable", question);
        return new MutableItem((string?)answer["value"], (long?)answer["seq"]);
    }

    public ValueTask DisposeAsync() => Script.DisposeAsync();

    /// <summary>Makes every other node of the process known to the first, and the first to them.</summary>
    protected async Task IntroduceAsync()
    {
        for (int node = 1; node < Endpoints.Count; node++)
        {
            await AddNodeAsync(Endpoint, node);
            await AddNodeAsync(Endpoints[node]);
        }

        for (int node = 1; node < Endpoints.Count; node++)
        {
            await WaitForNodeAsync(Endpoint, node);
            await WaitForNodeAsync(Endpoints[node]);
        }
    }

    protected static (string Host, int Port) Split(string endpoint)
    {
        int colon = endpoint.LastIndexOf(':');
        return (endpoint[..colon], int.Parse(endpoint[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    protected static IReadOnlyList<string> Strings(JsonObject answer, string name) => [.. answer[name]!.AsArray().Select(value => (string)value!)];

    protected static string[] ScriptArguments(string script, IReadOnlyList<int> ports, IReadOnlyList<string> bootstrap) =>
        [Path.Combine(Repository.Peers, script), "--ports", string.Join(',', ports), "--bootstrap", string.Join(',', bootstrap)];

    private static void AddIfGiven<T>(JsonObject question, string name, T? value)
    {
        if (value is not null)
        {
            question[name] = JsonValue.Create(value);
        }
    }
}
