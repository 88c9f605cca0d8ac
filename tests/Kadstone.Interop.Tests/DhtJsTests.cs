using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>dht.js answers find_node with the neighbours of the asker, not of the target: nothing here may need a find_node that is right.</summary>
[Trait("Peer", "dht.js")]
public sealed class DhtJsTests : BootstrapConversations
{
    private protected override async Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap) => await DhtJsPeer.StartAsync(nodes, bootstrap);

    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await DhtJsPeer.StartNetworkAsync(nodes);
}
