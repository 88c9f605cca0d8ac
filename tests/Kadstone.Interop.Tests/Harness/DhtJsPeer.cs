namespace Kadstone.Interop.Tests.Harness;

/// <summary>npm dht.js of 2012, the first of its kind for JavaScript: BEP 5 and nothing else.</summary>
internal sealed class DhtJsPeer : MainlinePeer
{
    private DhtJsPeer(JsonLinesProcess script, IReadOnlyList<int> ports)
        : base(script, ports)
    {
    }

    public static async Task<DhtJsPeer> StartAsync(int nodes = 1, params string[] bootstrap)
    {
        PeerAvailability.RequireDhtJs();
        int[] ports = FreePorts.Next(nodes);
        // It is older than Buffer.from: without the flag, node complains into every transcript.
        string[] arguments = ["--no-deprecation", .. ScriptArguments("dhtjs-peer.cjs", ports, bootstrap)];
        return new DhtJsPeer(await JsonLinesProcess.StartAsync("dht.js", "node", arguments), ports);
    }

    /// <summary>Nodes that know each other from the start.</summary>
    public static async Task<DhtJsPeer> StartNetworkAsync(int nodes)
    {
        DhtJsPeer peer = await StartAsync(nodes);
        await peer.IntroduceAsync();
        return peer;
    }
}
