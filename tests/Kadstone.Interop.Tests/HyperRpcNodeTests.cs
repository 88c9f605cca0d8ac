using System.Collections.Concurrent;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Kademlia;

namespace Kadstone.Interop.Tests;

/// <summary>Our node of today's Hyperswarm among the real packages, each as the other's bootstrap node.</summary>
public sealed class HyperRpcNodeTests
{
    private static readonly RpcCommand s_command = new("custom", 99);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Dht_rpc_joins_through_ours_and_its_nodes_find_each_other()
    {
        await using RpcNode ours = await StartAsync();
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(4, EndpointOf(ours));
        await JoinedByAsync(ours, theirs);
        await theirs.WaitForNodeAsync(EndpointOf(ours));

        // Only ours told them of each other.
        IReadOnlyList<string> closest = await theirs.FindNodeAsync(HyperPeer.NextKey(), node: 2);
        closest.Order().ShouldBe(theirs.Endpoints.Where(endpoint => endpoint != theirs.Endpoints[2]).Append(EndpointOf(ours)).Order());
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Hyperdht_joins_through_ours()
    {
        await using RpcNode ours = await StartAsync();
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(3, EndpointOf(ours));
        await JoinedByAsync(ours, theirs);
        (await theirs.FindNodeAsync(HyperPeer.NextKey(), node: 1)).ShouldContain(EndpointOf(ours));

        HyperReply pong = await theirs.PingAsync(EndpointOf(ours), node: 1);
        pong.FromId.ShouldBe(ours.Id.ToString());
        pong.To.ShouldBe(theirs.Endpoints[1]);
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Dht_rpc_reads_our_answers_to_its_own_commands()
    {
        await using RpcNode ours = await StartAsync();
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(2, EndpointOf(ours));
        await JoinedByAsync(ours, theirs);

        HyperReply pong = await theirs.PingAsync(EndpointOf(ours));
        pong.FromId.ShouldBe(ours.Id.ToString());
        (pong.To, pong.Token, pong.Error, pong.Value).ShouldBe((theirs.Endpoint, null, 0, null));
        pong.CloserNodes.ShouldBeEmpty();

        long began = TimeProvider.System.GetTimestamp();
        (await theirs.DelayedPingAsync(EndpointOf(ours), TimeSpan.FromMilliseconds(300))).FromId.ShouldBe(ours.Id.ToString());
        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(290));

        HyperReply unknown = await theirs.RequestAsync(EndpointOf(ours), 98, HyperPeer.NextKey());
        (unknown.Error, unknown.Token).ShouldBe((1, null));
        unknown.CloserNodes.Order().ShouldBe(theirs.Endpoints.Order());
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Ours_joins_theirs_pings_and_finds_nodes()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(6);
        await using RpcNode ours = await StartAsync(theirs.Endpoint);
        (await ours.WaitForNetworkAsync(Cancelled)).ShouldBe(6);

        RpcAnswer pong = await ours.PingAsync(Endpoint(theirs.Endpoints[3]), Cancelled);
        pong.FromId.ToString().ShouldBe(await theirs.GetNodeIdAsync(3));
        pong.To.ToString().ShouldBe(EndpointOf(ours));

        Key256 target = KeyOf(HyperPeer.NextKey());
        IReadOnlyList<RpcContact> closest = await ours.FindNodeAsync(target, Cancelled);
        closest.Select(contact => contact.Endpoint.ToString()).Order().ShouldBe(theirs.Endpoints.Order());
        closest.ShouldBe(closest.OrderBy(contact => contact.Id ^ target));
        await theirs.WaitForNodeAsync(EndpointOf(ours), node: 5);
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Ours_joins_hyperdht_without_an_id_and_nobody_keeps_it()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(4);
        await using RpcNode ours = await StartAsync(ephemeral: true, theirs.Endpoint);
        (await ours.WaitForNetworkAsync(Cancelled)).ShouldBe(4);
        ours.Id.ShouldBeNull();

        RpcAnswer pong = await ours.PingAsync(Endpoint(theirs.Endpoints[1]), Cancelled);
        pong.To.ToString().ShouldBe(ours.ClientEndpoint.ToString());
        (await ours.FindNodeAsync(KeyOf(HyperPeer.NextKey()), Cancelled)).Count.ShouldBe(4);
        (await theirs.GetLiveNodesAsync()).ShouldBe(theirs.Endpoints.Skip(1), ignoreOrder: true);
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task A_custom_command_of_ours_is_asked_and_committed_by_theirs()
    {
        await using RpcNode ours = await StartAsync();
        ConcurrentDictionary<Key256, ReadOnlyMemory<byte>?> values = new();
        ours.OnQuery(s_command, (request, _) =>
        {
            Key256 target = request.Target.ShouldNotBeNull();
            if (request.IsCommit)
            {
                values[target] = request.Value;
                return ValueTask.FromResult(RpcReply.Empty);
            }

            return ValueTask.FromResult(new RpcReply(values.GetValueOrDefault(target)));
        });
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(3, EndpointOf(ours));
        await JoinedByAsync(ours, theirs);

        string key = HyperPeer.NextKey();
        await theirs.QueryAsync((int)s_command.Number, key, HyperPeer.Hex("kept"), commit: true, node: 1);
        values.ShouldContainKey(KeyOf(key));
        IReadOnlyList<HyperReply> answers = await theirs.QueryAsync((int)s_command.Number, key, node: 2);
        answers.Single(answer => answer.From == EndpointOf(ours)).Value.ShouldBe(HyperPeer.Hex("kept"));

        HyperReply refused = await theirs.RequestAsync(EndpointOf(ours), (int)s_command.Number, key, token: HyperPeer.NextKey());
        refused.Error.ShouldBe(2);
        refused.Token.ShouldNotBeNull();
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task A_custom_command_of_theirs_is_asked_and_committed_by_ours()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(5);
        await theirs.RegisterAsync((int)s_command.Number, "store");
        await using RpcNode ours = await StartAsync(theirs.Endpoint);
        string key = HyperPeer.NextKey();

        RpcQuery commit = ours.ClosestAsync(KeyOf(key), s_command, "kept"u8.ToArray());
        (await commit.ToListAsync(Cancelled)).ShouldAllBe(answer => answer.Phase == RpcPhase.Commit);
        (commit.Commits, commit.FailedCommits, commit.Closest.Count).ShouldBe((5, 0, 5));

        IReadOnlyList<RpcAnswer> answers = await ours.QueryAsync(KeyOf(key), s_command).ToListAsync(Cancelled);
        answers.Count.ShouldBe(5);
        answers.Select(answer => Convert.ToHexStringLower(answer.Value.ShouldNotBeNull().Span)).ShouldAllBe(value => value == HyperPeer.Hex("kept"));
        answers.ShouldAllBe(answer => answer.Token.HasValue && answer.FromId.HasValue);

        // What ours committed, theirs read.
        (await theirs.QueryAsync((int)s_command.Number, key, node: 3)).ShouldContain(reply => reply.Value == HyperPeer.Hex("kept"));
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Errors_values_and_silence_of_theirs_reach_the_caller()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(2);
        await using RpcNode ours = await StartAsync(theirs.Endpoint);
        await ours.WaitForNetworkAsync(Cancelled);
        UdpEndpoint node = Endpoint(theirs.Endpoints[1]);

        (await ours.RequestAsync(node, s_command, cancellationToken: Cancelled)).Error.ShouldBe(1u);
        await theirs.RegisterAsync((int)s_command.Number, "echo");
        RpcAnswer echo = await ours.RequestAsync(node, s_command, KeyOf(HyperPeer.NextKey()), new byte[] { 1, 2 }, cancellationToken: Cancelled);
        echo.Value.ShouldNotBeNull().ToArray().ShouldBe([1, 2]);
        echo.CloserNodes.ShouldContain(Endpoint(theirs.Endpoint));
        (await ours.RequestAsync(node, s_command, token: new byte[32], cancellationToken: Cancelled)).Error.ShouldBe(2u);
        await theirs.RegisterAsync((int)s_command.Number, "error", code: 16);
        (await ours.RequestAsync(node, s_command, cancellationToken: Cancelled)).Error.ShouldBe(16u);
        await theirs.RegisterAsync((int)s_command.Number, "silent");
        await Should.ThrowAsync<NoAnswerException>(() => ours.RequestAsync(node, s_command, cancellationToken: Cancelled));
    }

    [Fact, Trait("Peer", "dht-rpc"), Trait("Peer", "hyperdht")]
    public async Task Nodes_of_all_three_kinds_form_one_network()
    {
        await using RpcNode first = await StartAsync();
        await using DhtRpcPeer rpc = await DhtRpcPeer.StartAsync(3, EndpointOf(first));
        await using HyperdhtPeer hyper = await HyperdhtPeer.StartAsync(3, EndpointOf(first));
        await using RpcNode second = await StartAsync(rpc.Endpoints[2]);
        string[] all = [EndpointOf(first), EndpointOf(second), .. rpc.Endpoints, .. hyper.Endpoints];
        await JoinedByAsync(first, rpc);
        await JoinedByAsync(first, hyper);
        await rpc.WaitForNodeAsync(EndpointOf(second));

        string target = HyperPeer.NextKey();
        (await second.FindNodeAsync(KeyOf(target), Cancelled)).Select(contact => contact.Endpoint.ToString()).Append(EndpointOf(second)).Order().ShouldBe(all.Order());
        (await hyper.FindNodeAsync(target, node: 1)).Append(hyper.Endpoints[1]).Order().ShouldBe(all.Order());
    }

    private static Task<RpcNode> StartAsync(params string[] bootstrap) => StartAsync(ephemeral: false, bootstrap);

    private static Task<RpcNode> StartAsync(bool ephemeral, params string[] bootstrap) => RpcNode.CreateAsync(
        new RpcOptions { Host = IPAddress.Loopback, Bootstrap = bootstrap, Ephemeral = ephemeral, Scope = AddressScope.Private, Diversity = false },
        cancellationToken: Cancelled);

    private static Task<IReadOnlyList<string>> JoinedByAsync(RpcNode ours, HyperPeer theirs) => Eventually.GetAsync(
        "our table",
        () => Task.FromResult<IReadOnlyList<string>>([.. ours.Contacts().Select(entry => entry.Contact.Endpoint.ToString())]),
        known => theirs.Endpoints.All(known.Contains));

    private static string EndpointOf(RpcNode node) => node.LocalEndpoint.ToString();

    private static UdpEndpoint Endpoint(string text) => UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) ? endpoint : throw new FormatException(text);

    private static Key256 KeyOf(string hex) => Key256.Read(Convert.FromHexString(hex));
}
