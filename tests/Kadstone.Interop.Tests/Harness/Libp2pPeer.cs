using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>One process with one js-libp2p node: TCP, Noise, Yamux, identify with push, ping, and an echo.</summary>
internal sealed class Libp2pPeer : IAsyncDisposable
{
    /// <summary>What it serves itself: all bytes come back.</summary>
    public const string Echo = "/interop/echo/1";

    private readonly JsonLinesProcess _script;

    private Libp2pPeer(JsonLinesProcess script, string peer, string address)
    {
        _script = script;
        Peer = peer;
        Address = address;
    }

    /// <summary>Its peer id.</summary>
    public string Peer { get; }

    /// <summary>Where it listens, as a multiaddr without the peer at its end.</summary>
    public string Address { get; }

    /// <param name="earlyMuxer">Whether it offers its muxers within the handshake.</param>
    /// <param name="autoNat">Whether it dials those back who ask for it.</param>
    public static async Task<Libp2pPeer> StartAsync(bool earlyMuxer = true, bool autoNat = false)
    {
        Require();
        int port = FreePorts.Next(1)[0];
        string[] arguments = [Path.Combine(Folder, "libp2p-peer.mjs"), "--port", $"{port}", .. earlyMuxer ? Array.Empty<string>() : ["--no-early-muxer"], .. autoNat ? ["--autonat"] : Array.Empty<string>()];
        JsonLinesProcess script = await JsonLinesProcess.StartAsync("libp2p", "node", arguments);
        return new Libp2pPeer(script, (string)(await script.AskAsync("who"))["peer"]!, $"/ip4/127.0.0.1/tcp/{port}");
    }

    /// <summary>Any command of the script; see there.</summary>
    public Task<JsonObject> AskAsync(string command, JsonObject? arguments = null, bool allowError = false) => _script.AskAsync(command, arguments, allowError);

    public ValueTask DisposeAsync() => _script.DisposeAsync();

    private static string Folder { get; } = Path.Combine(Repository.Peers, "libp2p");

    private static void Require()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "libp2p")))
        {
            Assert.Skip($"libp2p: npm ci was not run in {Path.GetRelativePath(Repository.Root, Folder)}");
        }

        HyperPackages.RequireNode("libp2p");
    }
}
