using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>One process of real nodes of the first generation.</summary>
internal abstract class Gen1Peer(JsonLinesProcess script, IReadOnlyList<int> ports) : HyperPeer(script, ports)
{
    /// <summary>Asks an endpoint, which is in the table from then on if it answers with an id.</summary>
    /// <returns>The node's endpoint as the other sees it, and the other's id in hex.</returns>
    public async Task<(string Me, string? PeerId)> PingAsync(string endpoint, int node = 0)
    {
        JsonObject answer = await AskAsync("ping", node, new() { ["to"] = endpoint });
        return ((string)answer["me"]!, (string?)answer["peerId"]);
    }

    /// <summary>Asks a peer by way of a referrer. Throws unless the peer answers.</summary>
    public Task HolepunchAsync(string peer, string referrer, int node = 0) => AskAsync("holepunch", node, new() { ["peer"] = peer, ["referrer"] = referrer });

    /// <summary>Looks for the node's own neighbours once more.</summary>
    public Task BootstrapAsync(int node = 0) => AskAsync("bootstrap", node);
}
