using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

[Trait("Peer", "bittorrent-dht")]
public sealed class BittorrentDhtTests : BootstrapConversations
{
    private protected override async Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap) => await BittorrentDhtPeer.StartAsync(nodes, bootstrap);

    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await BittorrentDhtPeer.StartNetworkAsync(nodes);
}
