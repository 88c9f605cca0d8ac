using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>BEP 5 between our node and another implementation, in both directions. "It" is that implementation.</summary>
public abstract class BootstrapConversations
{
    private protected abstract Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap);

    /// <summary>Nodes that know each other, and none of ours.</summary>
    private protected abstract Task<MainlinePeer> StartNetworkAsync(int nodes);

    [Fact]
    public async Task It_joins_through_our_node()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using MainlinePeer it = await StartAsync(1, ours.Endpoint);
        await it.WaitForNodeAsync(ours.Endpoint);
    }

    [Fact]
    public async Task We_join_through_it()
    {
        await using MainlinePeer it = await StartNetworkAsync(3);
        await using KadstoneNode ours = await KadstoneNode.StartAsync(it.Endpoint);
        await it.WaitForNodeAsync(ours.Endpoint);
    }

    [Fact]
    public async Task It_answers_our_ping()
    {
        await using MainlinePeer it = await StartAsync(1);
        DhtResult ping = await DhtCommand.PingAsync(it.Endpoint);
        ping.Exit.ShouldBe(DhtExit.Found, ping.Transcript);
    }

    [Fact]
    public async Task It_finds_a_peer_that_we_announced()
    {
        await using MainlinePeer it = await StartNetworkAsync(3);
        await using KadstoneNode ours = await KadstoneNode.StartAsync(it.Endpoint);
        string hash = InfoHashes.Next();
        int port = FreePorts.Next();
        DhtResult announce = await DhtCommand.AnnounceAsync(hash, port, ours.Endpoint);
        announce.IsStored.ShouldBeTrue(announce.Transcript);
        await Eventually.ContainsAsync("its get_peers", () => it.GetPeersAsync(hash, node: 2), $"127.0.0.1:{port}");
    }

    [Fact]
    public async Task We_find_a_peer_that_it_announced()
    {
        await using MainlinePeer it = await StartNetworkAsync(3);
        string hash = InfoHashes.Next();
        int port = await it.AnnounceAsync(hash, node: 2);
        await using KadstoneNode ours = await KadstoneNode.StartAsync(it.Endpoint);
        await Eventually.ContainsAsync("our get_peers", async () => (await DhtCommand.GetPeersAsync(hash, it.Endpoint)).Lines, $"127.0.0.1:{port}");
        await Eventually.ContainsAsync("our get_peers through our node", async () => (await DhtCommand.GetPeersAsync(hash, ours.Endpoint)).Lines, $"127.0.0.1:{port}");
    }

    [Fact]
    public async Task Two_of_it_that_know_our_node_only_find_each_others_peers()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using MainlinePeer first = await StartAsync(1, ours.Endpoint);
        await using MainlinePeer second = await StartAsync(1, ours.Endpoint);
        await first.WaitForNodeAsync(ours.Endpoint);
        await second.WaitForNodeAsync(ours.Endpoint);
        string hash = InfoHashes.Next();
        int port = await first.AnnounceAsync(hash);
        await Eventually.ContainsAsync("its get_peers", () => second.GetPeersAsync(hash), $"127.0.0.1:{port}");
    }

    [Fact]
    public async Task Its_lookup_walks_on_through_the_nodes_that_ours_names()
    {
        await using MainlinePeer network = await StartNetworkAsync(4);
        string hash = InfoHashes.Next();
        int port = await network.AnnounceAsync(hash, node: 3);
        // Ours came later: it holds nothing, and can but name those who do.
        await using KadstoneNode ours = await KadstoneNode.StartAsync(network.Endpoint);
        await using MainlinePeer newcomer = await StartAsync(1, ours.Endpoint);
        await newcomer.WaitForNodeAsync(ours.Endpoint);
        await Eventually.ContainsAsync("its get_peers", () => newcomer.GetPeersAsync(hash), $"127.0.0.1:{port}");
    }
}
