using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>One process with several js-libp2p nodes that serve kad-dht on 127.0.0.1.</summary>
internal sealed class Libp2pKadNetwork : IAsyncDisposable
{
    private readonly JsonLinesProcess _script;

    private Libp2pKadNetwork(JsonLinesProcess script, IReadOnlyList<(string Peer, string Address)> nodes)
    {
        _script = script;
        Nodes = nodes;
    }

    /// <summary>Each node's peer id, and where it listens, without the peer at the end.</summary>
    public IReadOnlyList<(string Peer, string Address)> Nodes { get; }

    public static async Task<Libp2pKadNetwork> StartAsync(int count, string protocol)
    {
        Require();
        int[] ports = FreePorts.Next(count);
        JsonLinesProcess script = await JsonLinesProcess.StartAsync("kad", "node", [Path.Combine(Folder, "kad-network.mjs"), "--ports", string.Join(',', ports), "--protocol", protocol]);
        List<(string Peer, string Address)> nodes = [];
        for (int i = 0; i < count; i++)
        {
            nodes.Add(((string)(await script.AskAsync("who", new JsonObject { ["node"] = i }))["peer"]!, $"/ip4/127.0.0.1/tcp/{ports[i]}"));
        }

        return new Libp2pKadNetwork(script, nodes);
    }

    /// <summary>Any command of the script, to one of its nodes; see there.</summary>
    public Task<JsonObject> AskAsync(int node, string command, JsonObject? arguments = null, bool allowError = false)
    {
        JsonObject question = arguments ?? [];
        question["node"] = node;
        return _script.AskAsync(command, question, allowError);
    }

    public ValueTask DisposeAsync() => _script.DisposeAsync();

    private static string Folder { get; } = Path.Combine(Repository.Peers, "libp2p");

    private static void Require()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "@libp2p", "kad-dht")))
        {
            Assert.Skip($"kad-dht: npm ci was not run in {Path.GetRelativePath(Repository.Root, Folder)}");
        }

        HyperPackages.RequireNode("kad-dht");
    }
}
