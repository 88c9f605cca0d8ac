using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

[Trait("Peer", "libtorrent")]
public sealed class LibtorrentStorageTests : StorageConversations
{
    private protected override async Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap) => await LibtorrentPeer.StartAsync(nodes, bootstrap);

    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await LibtorrentPeer.StartNetworkAsync(nodes);
}
