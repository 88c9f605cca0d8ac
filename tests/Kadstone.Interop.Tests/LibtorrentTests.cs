using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

[Trait("Peer", "libtorrent")]
public sealed class LibtorrentTests : BootstrapConversations
{
    private protected override async Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap) => await LibtorrentPeer.StartAsync(nodes, bootstrap);

    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await LibtorrentPeer.StartNetworkAsync(nodes);

    [Fact]
    public async Task It_samples_our_infohashes()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        string hash = InfoHashes.Next();
        DhtResult announce = await DhtCommand.AnnounceAsync(hash, FreePorts.Next(), ours.Endpoint);
        announce.IsStored.ShouldBeTrue(announce.Transcript);
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartAsync();
        (await libtorrent.SampleInfoHashesAsync(ours.Endpoint)).ShouldContain(hash);
    }

    [Fact]
    public async Task We_sample_its_infohashes()
    {
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.StartNetworkAsync(3);
        string hash = InfoHashes.Next();
        await libtorrent.AnnounceAsync(hash, node: 1);
        await Eventually.ContainsAsync("our sample", async () => (await DhtCommand.SampleInfoHashesAsync(libtorrent.Endpoint)).Lines, hash);
    }

    [Fact]
    public async Task It_takes_our_node_as_its_bootstrap_router()
    {
        await using LibtorrentPeer network = await LibtorrentPeer.StartNetworkAsync(3);
        await using KadstoneNode ours = await KadstoneNode.StartAsync(network.Endpoint);
        await using LibtorrentPeer client = await LibtorrentPeer.StartClientAsync(ours.Endpoint);
        await Eventually.GetAsync("the nodes that ours named", () => client.GetLiveNodesAsync(), nodes => nodes.Intersect(network.Endpoints).Any());
    }
}
