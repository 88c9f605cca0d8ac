using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm hyperdht 1.3.0: the first generation.</summary>
internal sealed class Gen1HyperdhtPeer : Gen1Peer
{
    private Gen1HyperdhtPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    /// <summary>Nodes that join by way of the bootstrap nodes; without any, the first is the others'.</summary>
    public static async Task<Gen1HyperdhtPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(nodes);
        return new Gen1HyperdhtPeer(await StartScriptAsync("gen1-hyperdht", "gen1-hyperdht-peer.cjs", ports, bootstrap, ephemeral: false), ports);
    }

    /// <summary>A node that nobody keeps in a table.</summary>
    public static async Task<Gen1HyperdhtPeer> StartEphemeralAsync(params string[] bootstrap)
    {
        int[] ports = FreePorts.Next(1);
        return new Gen1HyperdhtPeer(await StartScriptAsync("gen1-hyperdht", "gen1-hyperdht-peer.cjs", ports, bootstrap, ephemeral: true), ports);
    }

    /// <summary>Announces a peer at this host.</summary>
    /// <param name="port">The peer's port; null for the node's own.</param>
    /// <param name="localAddress">The peer's endpoint in its own network.</param>
    public Task AnnounceAsync(string target, int? port = null, string? localAddress = null, int node = 0) => AskAsync("announce", node, Question(target, port, localAddress));

    /// <param name="localAddress">Our endpoint in our own network: peers whose address begins with the same two bytes are local.</param>
    public async Task<(IReadOnlyList<string> Peers, IReadOnlyList<string> LocalPeers)> LookupAsync(string target, string? localAddress = null, int node = 0)
    {
        JsonObject answer = await AskAsync("lookup", node, Question(target, null, localAddress));
        return (Strings(answer, "peers"), Strings(answer, "localPeers"));
    }

    /// <summary>Takes a peer back; the port is the one that was announced.</summary>
    public Task UnannounceAsync(string target, int? port = null, int node = 0) => AskAsync("unannounce", node, Question(target, port, null));

    /// <summary>What a node heard, as "announce TARGET 127.0.0.1:4000", "unannounce ..." or "lookup TARGET".</summary>
    public async Task<IReadOnlyList<string>> GetHeardAsync(int node = 0) =>
        [.. (await AskAsync("heard", node))["heard"]!.AsArray().Select(heard => $"{(string)heard!["kind"]!} {(string)heard["target"]!} {(string?)heard["peer"]}".TrimEnd())];

    private static JsonObject Question(string target, int? port, string? localAddress)
    {
        JsonObject question = new() { ["target"] = target };
        AddIfGiven(question, "port", port);
        AddIfGiven(question, "localAddress", localAddress);
        return question;
    }
}
