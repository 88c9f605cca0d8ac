using System.Collections.Concurrent;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Kademlia;

namespace Kadstone.Interop.Tests;

/// <summary>Our nodes of the first generation among the real packages, each as the other's bootstrap node.</summary>
public sealed class HyperGen1Tests
{
    private static readonly RpcCommand s_store = new("store", 0);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task Dht_rpc_joins_through_our_bootstrapper_which_nobody_keeps()
    {
        await using Gen1RpcNode ours = Gen1RpcNode.CreateBootstrapper(0, s_options);
        await ours.ListenAsync(cancellationToken: Cancelled);
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(4, EndpointOf(ours));
        await KnownAsync(ours, theirs.Endpoints);
        await theirs.BootstrapAsync(3);
        await theirs.WaitForNodeAsync(theirs.Endpoints[0], node: 3);
        (await theirs.GetLiveNodesAsync(3)).ShouldBe(theirs.Endpoints.Take(3), ignoreOrder: true);
        ours.Id.ShouldBeNull();

        (string me, string? id) = await theirs.PingAsync(EndpointOf(ours), node: 1);
        (me, id).ShouldBe((theirs.Endpoints[1], null));
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task Ours_joins_theirs_pings_and_finds_nodes()
    {
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(5);
        Key256 id = KeyOf(HyperPeer.NextKey());
        await using Gen1RpcNode ours = Gen1RpcNode.Create(s_options with { Bootstrap = [theirs.Endpoint], Id = id });
        (await ours.WaitForNetworkAsync(Cancelled)).ShouldBe(5);

        RpcAnswer pong = await ours.PingAsync(Endpoint(theirs.Endpoints[3]), Cancelled);
        pong.FromId.ToString().ShouldBe(await theirs.GetNodeIdAsync(3));
        pong.To.ToString().ShouldBe(EndpointOf(ours));
        pong.Token.ShouldNotBeNull().Length.ShouldBe(32);

        Key256 target = KeyOf(HyperPeer.NextKey());
        IReadOnlyList<RpcContact> closest = await ours.FindNodeAsync(target, Cancelled);
        closest.Select(contact => contact.Endpoint.ToString()).ShouldBe(theirs.Endpoints, ignoreOrder: true);
        closest.ShouldBe(closest.OrderBy(contact => contact.Id ^ target));

        (string me, string? peerId) = await theirs.PingAsync(EndpointOf(ours), node: 2);
        (me, peerId).ShouldBe((theirs.Endpoints[2], id.ToString()));
        await theirs.WaitForNodeAsync(EndpointOf(ours), node: 4);
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task An_ephemeral_node_of_ours_asks_and_nobody_keeps_it()
    {
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(3);
        await using Gen1RpcNode ours = Gen1RpcNode.Create(s_options with { Bootstrap = [theirs.Endpoint], Ephemeral = true });
        (await ours.WaitForNetworkAsync(Cancelled)).ShouldBe(3);
        await theirs.RegisterAsync("who", "fixed", HyperPeer.Hex("me"));
        IReadOnlyList<RpcAnswer> answers = await ours.QueryAsync(KeyOf(HyperPeer.NextKey()), new RpcCommand("who", 0)).ToListAsync(Cancelled);
        answers.Select(answer => HexOf(answer.Value)).ShouldBe(Enumerable.Repeat(HyperPeer.Hex("me"), 3));
        (await theirs.GetReceivedAsync(1)).Single()["id"].ShouldBeNull();
        (await theirs.GetLiveNodesAsync()).ShouldBe(theirs.Endpoints.Skip(1), ignoreOrder: true);
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task A_custom_command_of_ours_is_asked_and_committed_by_theirs()
    {
        await using Gen1RpcNode ours = await StartAsync();
        ConcurrentDictionary<Key256, ReadOnlyMemory<byte>?> values = new();
        ConcurrentQueue<RpcRequest> seen = new();
        ours.OnQuery(s_store, (request, _) =>
        {
            seen.Enqueue(request);
            return ValueTask.FromResult(new RpcReply(values.GetValueOrDefault(request.Target.ShouldNotBeNull())));
        });
        ours.OnClosest(s_store, (request, _) =>
        {
            seen.Enqueue(request);
            values[request.Target.ShouldNotBeNull()] = request.Value;
            return ValueTask.FromResult(RpcReply.Empty);
        });
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(3, EndpointOf(ours));
        await KnownAsync(ours, theirs.Endpoints);
        await theirs.BootstrapAsync(1);

        string key = HyperPeer.NextKey();
        (await theirs.UpdateAsync("store", key, HyperPeer.Hex("kept"), node: 1))[EndpointOf(ours)].ShouldBeNull();
        (await theirs.QueryAsync("store", key, node: 2))[EndpointOf(ours)].ShouldBe(HyperPeer.Hex("kept"));
        seen.Select(request => request.IsCommit).ShouldBe([false, true, false]);
        RpcRequest commit = seen.ElementAt(1);
        (commit.From.ToString(), commit.FromId.ToString(), commit.CommandName, HexOf(commit.Value))
            .ShouldBe((theirs.Endpoints[1], await theirs.GetNodeIdAsync(1), "store", HyperPeer.Hex("kept")));
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task What_our_handler_throws_is_silence_to_theirs_and_the_node_stays_up()
    {
        await using Gen1RpcNode ours = await StartAsync();
        ours.OnQuery(s_store, (_, _) => throw new InvalidOperationException("a handler's own affair"));
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(2, EndpointOf(ours));
        await KnownAsync(ours, theirs.Endpoints);
        await theirs.BootstrapAsync();
        (await theirs.QueryAsync("store", HyperPeer.NextKey())).Keys.ShouldNotContain(EndpointOf(ours));
        (await theirs.PingAsync(EndpointOf(ours))).PeerId.ShouldBe(ours.Id.ToString());
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task A_custom_command_of_theirs_is_asked_and_committed_by_ours()
    {
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(5);
        await theirs.RegisterAsync("store");
        await using Gen1RpcNode ours = await StartAsync(theirs.Endpoint);
        string key = HyperPeer.NextKey();

        RpcQuery closest = ours.ClosestAsync(KeyOf(key), s_store, "kept"u8.ToArray(), new RpcQueryOptions { Verbose = true });
        IReadOnlyList<RpcAnswer> answers = await closest.ToListAsync(Cancelled);
        answers.Count(answer => answer.Phase == RpcPhase.Walk).ShouldBe(5);
        answers.Count(answer => answer.Phase == RpcPhase.Commit).ShouldBe(5);
        (closest.Responses, closest.Errors, closest.Commits, closest.FailedCommits, closest.Closest.Count).ShouldBe((5, 0, 5, 0, 5));

        answers = await ours.QueryAsync(KeyOf(key), s_store).ToListAsync(Cancelled);
        answers.Select(answer => HexOf(answer.Value)).ShouldBe(Enumerable.Repeat(HyperPeer.Hex("kept"), 5));
        answers.ShouldAllBe(answer => answer.Token.HasValue && answer.FromId.HasValue);

        // What ours committed, theirs read.
        IReadOnlyDictionary<string, string?> read = await theirs.QueryAsync("store", key, node: 3);
        read.Where(answer => answer.Key != EndpointOf(ours)).Select(answer => answer.Value).ShouldBe(Enumerable.Repeat(HyperPeer.Hex("kept"), 4));
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task A_commit_goes_to_exactly_the_20_closest_of_both_makes()
    {
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(20);
        await theirs.RegisterAsync("store");
        await using Gen1RpcNode other = await StartAsync(theirs.Endpoint);
        int atOurs = 0;
        other.OnClosest(s_store, (_, _) =>
        {
            Interlocked.Increment(ref atOurs);
            return ValueTask.FromResult(RpcReply.Empty);
        });
        await using Gen1RpcNode ours = await StartAsync(theirs.Endpoint);
        await other.WaitForNetworkAsync(Cancelled);
        (await ours.WaitForNetworkAsync(Cancelled)).ShouldBeGreaterThanOrEqualTo(20);

        Key256 target = KeyOf(HyperPeer.NextKey());
        RpcQuery closest = ours.ClosestAsync(target, s_store, "kept"u8.ToArray());
        (await closest.ToListAsync(Cancelled)).Count.ShouldBe(20);
        closest.Commits.ShouldBe(20);

        List<(Key256 Id, int Updates)> all = [(other.Id.ShouldNotBeNull(), atOurs)];
        for (int node = 0; node < 20; node++)
        {
            Key256 id = KeyOf((await theirs.GetNodeIdAsync(node)).ShouldNotBeNull());
            all.Add((id, (await theirs.GetReceivedAsync(node)).Count(request => (string?)request["kind"] == "update")));
        }

        all.OrderBy(node => node.Id ^ target).Select(node => node.Updates).ShouldBe([.. Enumerable.Repeat(1, 20), 0]);
    }

    [Fact, Trait("Peer", "gen1-dht-rpc")]
    public async Task Pings_are_passed_on_by_ours_and_by_theirs()
    {
        await using Gen1RpcNode referrer = await StartAsync();
        await using Gen1RpcPeer theirs = await Gen1RpcPeer.StartAsync(3, EndpointOf(referrer));
        await KnownAsync(referrer, theirs.Endpoints);

        // Throws unless the peer answers under the number that ours passed on.
        await theirs.HolepunchAsync(theirs.Endpoints[1], EndpointOf(referrer));

        await using Gen1RpcNode ours = await StartAsync(theirs.Endpoint);
        await ours.WaitForNetworkAsync(Cancelled);
        await ours.HolepunchAsync(Endpoint(theirs.Endpoints[2]), Endpoint(theirs.Endpoints[1]), Cancelled);
        (await theirs.GetPunchesAsync(1)).ShouldBe([$"{EndpointOf(ours)} > {theirs.Endpoints[2]}"]);

        // And ours answers past the one who passed it on.
        await theirs.WaitForNodeAsync(EndpointOf(ours), node: 1);
        await KnownAsync(ours, [theirs.Endpoints[1]]);
        await theirs.HolepunchAsync(EndpointOf(ours), theirs.Endpoints[1], node: 0);
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task Hyperdht_finds_what_ours_announced_at_theirs_and_at_ours()
    {
        await using Gen1HyperDht first = Create();
        await first.Node.ListenAsync(cancellationToken: Cancelled);
        await using Gen1HyperdhtPeer theirs = await Gen1HyperdhtPeer.StartAsync(3, EndpointOf(first.Node));
        await using Gen1HyperDht ours = Create(theirs.Endpoint);
        await ours.Node.Ready.WaitAsync(Cancelled);
        string topic = HyperPeer.NextKey();
        AnnounceOptions options = new() { Port = 4000, LocalAddress = IPEndPoint.Parse("192.168.1.2:5000") };

        await DrainAsync(ours.AnnounceAsync(KeyOf(topic), options, Cancelled));
        for (int node = 0; node < 3; node++)
        {
            (await theirs.GetHeardAsync(node)).ShouldContain($"announce {topic} 127.0.0.1:4000");
        }

        (IReadOnlyList<string> peers, IReadOnlyList<string> localPeers) = await theirs.LookupAsync(topic, "192.168.7.7:6000", node: 1);
        peers.ShouldBe(["127.0.0.1:4000"]);
        localPeers.ShouldBe(["192.168.1.2:5000"]);
        (await theirs.LookupAsync(topic, "10.0.7.7:6000", node: 1)).LocalPeers.ShouldBeEmpty();
        (await FindAsync(first, topic)).ShouldBe(["127.0.0.1:4000"]);

        // Another port removes nothing.
        await ours.UnannounceAsync(KeyOf(topic), options with { Port = 4001 }, Cancelled);
        (await theirs.LookupAsync(topic, node: 1)).Peers.ShouldBe(["127.0.0.1:4000"]);
        (await ours.UnannounceAsync(KeyOf(topic), options, Cancelled)).Stored.ShouldBe(4);
        (await theirs.LookupAsync(topic, node: 1)).Peers.ShouldBeEmpty();
        (await theirs.GetHeardAsync(2)).ShouldContain($"unannounce {topic} 127.0.0.1:4000");
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task Ours_finds_what_hyperdht_announced()
    {
        await using Gen1HyperdhtPeer theirs = await Gen1HyperdhtPeer.StartAsync(4);
        await using Gen1HyperDht ours = Create(theirs.Endpoint);
        await ours.Node.Ready.WaitAsync(Cancelled);
        string topic = HyperPeer.NextKey();

        await theirs.AnnounceAsync(topic, 4000, "192.168.1.2:5000", node: 1);
        await theirs.AnnounceAsync(topic, localAddress: "192.168.1.3:5000", node: 2);
        AnnounceOptions asLocal = new() { LocalAddress = IPEndPoint.Parse("192.168.1.3:5000") };
        List<PeersFound> found = await DrainAsync(ours.LookupAsync(KeyOf(topic), asLocal, Cancelled));
        found.SelectMany(each => each.Peers).Select(peer => peer.ToString()).Distinct().ShouldBe(["127.0.0.1:4000", theirs.Endpoints[2]], ignoreOrder: true);

        // The original names us to ourselves; ours does not pass it on.
        found.SelectMany(each => each.LocalPeers).Select(peer => peer.ToString()).Distinct().ShouldBe(["192.168.1.2:5000"]);
        found.Select(each => each.Node.ToString()).ShouldBeSubsetOf([.. theirs.Endpoints, EndpointOf(ours.Node)]);

        await theirs.UnannounceAsync(topic, 4000, node: 1);
        (await FindAsync(ours, topic)).ShouldBe([theirs.Endpoints[2]]);
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task Ours_stores_for_hyperdht_and_tells_what_it_hears()
    {
        await using Gen1HyperDht ours = Create();
        await ours.Node.ListenAsync(cancellationToken: Cancelled);
        await using IAsyncEnumerator<HyperTraffic> heard = ours.WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        ValueTask<bool> first = heard.MoveNextAsync();
        await using Gen1HyperdhtPeer theirs = await Gen1HyperdhtPeer.StartAsync(1, EndpointOf(ours.Node));
        await using Gen1HyperdhtPeer client = await Gen1HyperdhtPeer.StartEphemeralAsync(EndpointOf(ours.Node));
        await KnownAsync((Gen1RpcNode)ours.Node, theirs.Endpoints);
        string topic = HyperPeer.NextKey();
        Key256 key = KeyOf(topic);

        // Two announcers of one host: each is told of the other alone.
        await theirs.AnnounceAsync(topic, localAddress: "192.168.1.2:5000");
        await client.AnnounceAsync(topic, 4000, "192.168.1.3:5000");
        (await first).ShouldBeTrue();
        heard.Current.ShouldBe(new HyperTraffic(HyperTrafficKind.Announce, key, Endpoint(theirs.Endpoint), 0));
        (await NextAsync(heard)).ShouldBe(new HyperTraffic(HyperTrafficKind.Announce, key, Endpoint(client.Endpoint), 4000));

        (IReadOnlyList<string> peers, IReadOnlyList<string> localPeers) = await theirs.LookupAsync(topic, "192.168.1.2:5000");
        peers.ShouldBe(["127.0.0.1:4000"]);
        localPeers.ShouldBe(["192.168.1.3:5000"]);
        (await NextAsync(heard)).Kind.ShouldBe(HyperTrafficKind.Lookup);

        await client.UnannounceAsync(topic, 4000);
        (await NextAsync(heard)).ShouldBe(new HyperTraffic(HyperTrafficKind.Unannounce, key, Endpoint(client.Endpoint), 4000));
        (await client.LookupAsync(topic)).Peers.ShouldBe([theirs.Endpoint]);
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task A_kept_announce_is_found_and_taken_back()
    {
        await using Gen1HyperdhtPeer theirs = await Gen1HyperdhtPeer.StartAsync(3);
        await using Gen1HyperDht ours = Create(theirs.Endpoint);
        string topic = HyperPeer.NextKey();
        IAnnouncement announcement = ours.KeepAnnounced(KeyOf(topic));
        await announcement.Announced.WaitAsync(Cancelled);
        (await theirs.LookupAsync(topic, node: 2)).Peers.ShouldBe([EndpointOf(ours.Node)]);
        await announcement.DisposeAsync();
        (await theirs.LookupAsync(topic, node: 2)).Peers.ShouldBeEmpty();
    }

    [Fact, Trait("Peer", "gen1-hyperdht")]
    public async Task Hyperdhts_command_joins_through_ours_and_serves_ours()
    {
        await using Gen1RpcNode bootstrap = Gen1RpcNode.CreateBootstrapper(0, s_options);
        await bootstrap.ListenAsync(cancellationToken: Cancelled);
        await using Gen1HyperdhtCommand command = await Gen1HyperdhtCommand.StartAsync(EndpointOf(bootstrap));
        await command.WaitUntilBootstrappedAsync();
        await KnownAsync(bootstrap, [command.Endpoint]);

        await using Gen1HyperDht ours = Create(EndpointOf(bootstrap));
        await using Gen1HyperDht other = Create(EndpointOf(bootstrap));
        string topic = HyperPeer.NextKey();
        await ours.Node.Ready.WaitAsync(Cancelled);
        await DrainAsync(ours.AnnounceAsync(KeyOf(topic), new AnnounceOptions { Port = 4000 }, Cancelled));

        // These lines are what our own command prints as well: its golden test has them to the letter.
        await command.WaitToHearAsync("announce", $"{topic} {{ host: '127.0.0.1', port: 4000 }}");
        (await FindAsync(other, topic)).ShouldBe(["127.0.0.1:4000"]);
        await command.WaitToHearAsync("lookup", topic);
        await ours.UnannounceAsync(KeyOf(topic), new AnnounceOptions { Port = 4000 }, Cancelled);
        await command.WaitToHearAsync("unannounce", $"{topic} {{ host: '127.0.0.1', port: 4000 }}");
    }

    private static readonly RpcOptions s_options = new() { Host = IPAddress.Loopback, Scope = AddressScope.Private, Diversity = false };

    private static async Task<Gen1RpcNode> StartAsync(params string[] bootstrap)
    {
        Gen1RpcNode node = Gen1RpcNode.Create(s_options with { Bootstrap = bootstrap });
        await node.ListenAsync(cancellationToken: Cancelled);
        return node;
    }

    private static Gen1HyperDht Create(params string[] bootstrap) => Gen1HyperDht.Create(s_options with { Bootstrap = bootstrap });

    private static Task<IReadOnlyList<string>> KnownAsync(Gen1RpcNode node, IReadOnlyList<string> endpoints) => Eventually.GetAsync(
        "our table",
        () => Task.FromResult<IReadOnlyList<string>>([.. node.Contacts().Select(entry => entry.Contact.Endpoint.ToString())]),
        known => endpoints.All(known.Contains));

    private static async Task<IReadOnlyList<string>> FindAsync(Gen1HyperDht dht, string topic) =>
        [.. (await DrainAsync(dht.LookupAsync(KeyOf(topic), null, Cancelled))).SelectMany(found => found.Peers).Select(peer => peer.ToString()).Distinct().Order()];

    private static async Task<List<PeersFound>> DrainAsync(IAsyncEnumerable<PeersFound> found)
    {
        List<PeersFound> all = [];
        await foreach (PeersFound each in found)
        {
            all.Add(each);
        }

        return all;
    }

    private static async Task<HyperTraffic> NextAsync(IAsyncEnumerator<HyperTraffic> heard)
    {
        (await heard.MoveNextAsync()).ShouldBeTrue();
        return heard.Current;
    }

    private static string EndpointOf(IRpcNode node) => node.LocalEndpoint.ToString();

    private static UdpEndpoint Endpoint(string text) => UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) ? endpoint : throw new FormatException(text);

    private static Key256 KeyOf(string hex) => Key256.Read(Convert.FromHexString(hex));

    private static string? HexOf(ReadOnlyMemory<byte>? value) => value is ReadOnlyMemory<byte> bytes ? Convert.ToHexStringLower(bytes.Span) : null;
}
