using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

[Trait("Peer", "bittorrent-dht")]
public sealed class BittorrentDhtStorageTests : StorageConversations
{
    private protected override async Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap) => await BittorrentDhtPeer.StartAsync(nodes, bootstrap);

    private protected override async Task<MainlinePeer> StartNetworkAsync(int nodes) => await BittorrentDhtPeer.StartNetworkAsync(nodes);

    [Fact]
    public async Task Our_node_refuses_its_put_when_the_sequence_number_is_not_the_expected_one()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using BittorrentDhtPeer javascript = await BittorrentDhtPeer.StartAsync(1, ours.Endpoint);
        await javascript.WaitForNodeAsync(ours.Endpoint);
        (await javascript.PutMutableAsync(SigningKey.Second, "first", sequence: 1)).Error.ShouldBeNull();
        (await javascript.PutMutableAsync(SigningKey.Second, "not after 5", sequence: 6, expectedSequence: 5)).Error.ShouldNotBeNull();
        (await javascript.PutMutableAsync(SigningKey.Second, "after 1", sequence: 2, expectedSequence: 1)).Error.ShouldBeNull();
        (await javascript.GetMutableAsync(SigningKey.Second)).ShouldBe(new MutableItem("after 1", 2));
    }

    [Fact]
    public async Task Our_node_refuses_its_put_of_an_older_sequence_number()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using BittorrentDhtPeer javascript = await BittorrentDhtPeer.StartAsync(1, ours.Endpoint);
        await javascript.WaitForNodeAsync(ours.Endpoint);
        (await javascript.PutMutableAsync(SigningKey.First, "fourth", sequence: 4)).Error.ShouldBeNull();
        (await javascript.PutMutableAsync(SigningKey.First, "third", sequence: 3)).Error.ShouldNotBeNull();
    }
}
