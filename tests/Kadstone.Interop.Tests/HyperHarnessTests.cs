using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>The harness of the Hyperswarm peers: the real packages among each other, without our node. When one of these fails, look no further.</summary>
public sealed class HyperHarnessTests
{
    // Beyond hyperdht's own commands, which are 0 to 10.
    private const int Command = 99;

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Hyperdht_finds_what_another_node_announced_until_it_is_taken_back()
    {
        await using HyperdhtPeer network = await HyperdhtPeer.StartAsync(5);
        await using HyperdhtPeer client = await HyperdhtPeer.StartEphemeralAsync(network.Endpoint);
        string topic = HyperPeer.NextKey();
        string seed = HyperPeer.NextKey();

        (string publicKey, IReadOnlyList<string> stored) = await network.AnnounceAsync(topic, seed, ["127.0.0.1:4000"], node: 1);
        stored.Count.ShouldBe(4);
        (await client.LookupAsync(topic)).ShouldBe([publicKey]);
        (await client.GetLookupAsync(topic))["results"]![0]!["peers"]![0]!["relays"]!.ToJsonString().ShouldBe("[\"127.0.0.1:4000\"]");
        (await client.GetNodeIdAsync()).ShouldBeNull();

        await network.UnannounceAsync(topic, seed, node: 1);
        (await client.LookupAsync(topic)).ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Hyperdht_reads_the_items_that_another_node_put()
    {
        await using HyperdhtPeer network = await HyperdhtPeer.StartAsync(5);
        string seed = HyperPeer.NextKey();

        (string target, IReadOnlyList<string> stored) = await network.PutImmutableAsync("fixed", node: 1);
        stored.ShouldNotBeEmpty();
        (await network.GetImmutableAsync(target, node: 3)).ShouldBe("fixed");
        (await network.GetImmutableAsync(HyperPeer.NextKey(), node: 3)).ShouldBeNull();

        (string publicKey, _) = await network.PutMutableAsync(seed, "third", 3, node: 1);
        publicKey.ShouldBe((await network.GetKeyPairAsync(seed)).PublicKey);
        (await network.GetMutableAsync(publicKey, node: 4)).ShouldBe(("third", 3));
        await network.PutMutableAsync(seed, "fourth", 4, node: 2);
        (await network.GetMutableAsync(publicKey, node: 3)).ShouldBe(("fourth", 4));
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Hyperdht_finds_and_reaches_a_server()
    {
        await using HyperdhtPeer network = await HyperdhtPeer.StartAsync(5);
        string publicKey = await network.ListenAsync(HyperPeer.NextKey(), node: 1);
        (await network.FindPeerAsync(publicKey, node: 3)).ShouldNotBeEmpty();
        (await network.ConnectAsync(publicKey, "hello", node: 3)).ShouldBe("hello");
        await network.CloseServerAsync(publicKey);
        (await network.FindPeerAsync(publicKey, node: 3)).ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "dht-rpc"), Trait("Peer", "hyperdht")]
    public async Task Dht_rpc_and_hyperdht_form_one_network()
    {
        await using DhtRpcPeer network = await DhtRpcPeer.StartAsync(3);
        await using HyperdhtPeer guest = await HyperdhtPeer.StartAsync(1, network.Endpoint);
        await network.WaitForNodeAsync(guest.Endpoint);

        HyperReply pong = await network.PingAsync(guest.Endpoint, node: 1);
        (pong.From, pong.To, pong.Error).ShouldBe((guest.Endpoint, network.Endpoints[1], 0));
        pong.FromId.ShouldBe(await guest.GetNodeIdAsync());
        (await network.DelayedPingAsync(guest.Endpoint, TimeSpan.FromMilliseconds(50))).From.ShouldBe(guest.Endpoint);
        (await guest.FindNodeAsync(HyperPeer.NextKey())).ShouldBe(network.Endpoints, ignoreOrder: true);

        // hyperdht's commands are unknown to a plain node, which says so.
        HyperReply refused = await guest.RequestAsync(network.Endpoint, 3, HyperPeer.NextKey());
        (refused.Error, refused.Token).ShouldBe((1, null));
        ((int)(await network.GetStatsAsync(1))["commands"]!["findNode"]!["rx"]!).ShouldBePositive();
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Dht_rpc_commits_to_the_closest_with_their_tokens()
    {
        await using DhtRpcPeer network = await DhtRpcPeer.StartAsync(4);
        await network.RegisterAsync(Command, "store");
        string target = HyperPeer.NextKey();

        await network.QueryAsync(Command, target, HyperPeer.Hex("kept"), commit: true, node: 1);
        (await network.QueryAsync(Command, target, node: 2)).ShouldContain(reply => reply.Value == HyperPeer.Hex("kept"));
        (await network.GetReceivedAsync(3)).Select(request => request["token"] is null).ShouldBe([true, false, true]);

        HyperReply first = await network.RequestAsync(network.Endpoint, Command, target, node: 1);
        first.Token.ShouldNotBeNull();
        first.CloserNodes.ShouldNotBeEmpty();
        HyperReply bad = await network.RequestAsync(network.Endpoint, Command, target, token: HyperPeer.NextKey(), node: 1);
        bad.Error.ShouldBe(2);
        bad.Token.ShouldNotBeNull();
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Dht_rpc_answers_as_it_is_told()
    {
        await using DhtRpcPeer network = await DhtRpcPeer.StartAsync(2);
        await using DhtRpcPeer client = await DhtRpcPeer.StartAsync();
        await client.AddNodeAsync(network.Endpoints[1]);
        await client.WaitForNodeAsync(network.Endpoints[1]);

        await network.RegisterAsync(Command, "echo");
        (await client.RequestAsync(network.Endpoint, Command, value: "aabb")).Value.ShouldBe("aabb");
        await network.RegisterAsync(Command, "fixed", value: "cc", node: 0);
        (await client.RequestAsync(network.Endpoint, Command, value: "aabb")).Value.ShouldBe("cc");
        (await client.RequestAsync(network.Endpoints[1], Command, value: "aabb")).Value.ShouldBe("aabb");
        await network.RegisterAsync(Command, "error", code: 16);
        (await client.RequestAsync(network.Endpoint, Command)).Error.ShouldBe(16);
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task Gen1_dht_rpc_stores_at_the_closest_and_finds_it()
    {
        await using Gen1RpcPeer bootstrap = await Gen1RpcPeer.StartEphemeralAsync();
        await using Gen1RpcPeer network = await Gen1RpcPeer.StartAsync(4, bootstrap.Endpoint);
        await network.RegisterAsync("store");
        string target = HyperPeer.NextKey();

        (await network.UpdateAsync("store", target, HyperPeer.Hex("kept"), node: 1)).Count.ShouldBe(3);
        (await network.QueryAsync("store", target, node: 2)).Values.ShouldContain(HyperPeer.Hex("kept"));
        (await network.GetReceivedAsync(3)).Select(request => (string?)request["kind"]).ShouldBe(["query", "update", "query"]);
        (await network.GetLiveNodesAsync()).ShouldNotContain(bootstrap.Endpoint);
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task Gen1_dht_rpc_punches_over_a_referrer()
    {
        await using Gen1RpcPeer network = await Gen1RpcPeer.StartAsync(3);
        await network.WaitForNetworkAsync();
        (string me, string? peerId) = await network.PingAsync(network.Endpoints[2], node: 1);
        me.ShouldBe(network.Endpoints[1]);
        peerId.ShouldBe(await network.GetNodeIdAsync(2));

        await network.HolepunchAsync(network.Endpoints[2], network.Endpoint, node: 1);
        (await network.GetPunchesAsync()).ShouldBe([$"{network.Endpoints[1]} > {network.Endpoints[2]}"]);
        await network.BootstrapAsync(1);
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task Gen1_hyperdht_finds_what_another_node_announced_until_it_is_taken_back()
    {
        await using Gen1HyperdhtPeer network = await Gen1HyperdhtPeer.StartAsync(4);
        await using Gen1HyperdhtPeer client = await Gen1HyperdhtPeer.StartEphemeralAsync(network.Endpoint);
        string topic = HyperPeer.NextKey();

        await network.AnnounceAsync(topic, 4000, "192.168.1.2:5000", node: 1);
        (IReadOnlyList<string> peers, IReadOnlyList<string> localPeers) = await client.LookupAsync(topic, "192.168.7.7:6000");
        peers.ShouldBe(["127.0.0.1:4000"]);
        localPeers.ShouldBe(["192.168.1.2:5000"]);
        (await client.LookupAsync(topic, "10.0.7.7:6000")).LocalPeers.ShouldBeEmpty();
        (await network.GetHeardAsync(2)).ShouldContain($"announce {topic} 127.0.0.1:4000");

        await network.UnannounceAsync(topic, 4000, node: 1);
        (await client.LookupAsync(topic)).Peers.ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "gen1-hyperdht"), Trait("Peer", "gen1-dht-rpc")]
    public async Task Gen1_hyperdhts_command_serves_a_network()
    {
        await using Gen1RpcPeer bootstrap = await Gen1RpcPeer.StartEphemeralAsync();
        await using Gen1HyperdhtCommand command = await Gen1HyperdhtCommand.StartAsync(bootstrap.Endpoint);
        await command.WaitUntilBootstrappedAsync();
        await using Gen1HyperdhtPeer network = await Gen1HyperdhtPeer.StartAsync(2, command.Endpoint);
        await network.WaitForNodeAsync(command.Endpoint);

        string topic = HyperPeer.NextKey();
        await network.AnnounceAsync(topic, node: 0);
        await command.WaitToHearAsync("announce", topic);
        (await network.LookupAsync(topic, node: 1)).Peers.ShouldBe([network.Endpoint]);
        await command.WaitToHearAsync("lookup", topic);
        await network.UnannounceAsync(topic, node: 0);
        await command.WaitToHearAsync("unannounce", topic);
    }
}
