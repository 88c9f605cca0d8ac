using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>libtorrent-rasterbar by Debian's python3-libtorrent: DHT nodes that are BitTorrent clients too.</summary>
internal sealed class LibtorrentPeer : MainlinePeer
{
    private LibtorrentPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    /// <summary>Nodes that ping the bootstrap nodes and take them into their tables.</summary>
    public static Task<LibtorrentPeer> StartAsync(int nodes = 1, params string[] bootstrap) => StartAsync(FreePorts.Next(nodes), bootstrap, []);

    /// <summary>Nodes that know each other from the start.</summary>
    public static async Task<LibtorrentPeer> StartNetworkAsync(int nodes)
    {
        LibtorrentPeer peer = await StartAsync(nodes);
        await peer.IntroduceAsync();
        return peer;
    }

    /// <summary>A client as its users set it up: the one node that it knows is its <c>dht_bootstrap_nodes</c>.</summary>
    public static Task<LibtorrentPeer> StartClientAsync(string router) => StartAsync(FreePorts.Next(1), [], [router]);

    /// <returns>The info-hashes that the node at that endpoint gives for <c>sample_infohashes</c> (BEP 51).</returns>
    public async Task<IReadOnlyList<string>> SampleInfoHashesAsync(string endpoint, int node = 0)
    {
        (string host, int port) = Split(endpoint);
        JsonObject answer = await Script.AskAsync("sample_infohashes", new() { ["host"] = host, ["port"] = port, ["node"] = node });
        return answer["samples"] is null ? [] : Strings(answer, "samples");
    }

    /// <param name="source">A .torrent file, or a magnet link.</param>
    public Task AddTorrentAsync(string infoHash, string source, string directory, int node = 0) =>
        Script.AskAsync("add_torrent", new() { ["infohash"] = infoHash, ["source"] = source, ["directory"] = directory, ["node"] = node });

    /// <returns>Whether it has every piece.</returns>
    public async Task<bool> IsSeedingAsync(string infoHash, int node = 0) =>
        (bool)(await Script.AskAsync("torrent_status", new() { ["infohash"] = infoHash, ["node"] = node }))["isSeeding"]!;

    private static async Task<LibtorrentPeer> StartAsync(int[] ports, string[] bootstrap, string[] routers)
    {
        PeerAvailability.RequireLibtorrent();
        string[] arguments = [.. ScriptArguments("libtorrent-peer.py", ports, bootstrap), "--router", string.Join(',', routers)];
        return new LibtorrentPeer(await JsonLinesProcess.StartAsync("libtorrent", PeerAvailability.Python, arguments), ports);
    }
}
