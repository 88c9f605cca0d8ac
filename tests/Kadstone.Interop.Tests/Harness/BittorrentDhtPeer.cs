namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm bittorrent-dht, WebTorrent's node.</summary>
internal sealed class BittorrentDhtPeer : MainlinePeer
{
    private BittorrentDhtPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    public static async Task<BittorrentDhtPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        PeerAvailability.RequireBittorrentDht();
        int[] ports = FreePorts.Next(nodes);
        return new BittorrentDhtPeer(await JsonLinesProcess.StartAsync("bittorrent-dht", "node", ScriptArguments("bittorrent-dht-peer.mjs", ports, bootstrap)), ports);
    }

    /// <summary>Nodes that know each other from the start.</summary>
    public static async Task<BittorrentDhtPeer> StartNetworkAsync(int nodes)
    {
        BittorrentDhtPeer peer = await StartAsync(nodes);
        await peer.IntroduceAsync();
        return peer;
    }
}
