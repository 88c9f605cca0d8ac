using System.Net;
using System.Text.Json.Nodes;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Kademlia;

namespace Kadstone.Interop.Tests;

/// <summary>How queries of ours go among real nodes, and how ours becomes one of those that they keep.</summary>
public sealed class HyperRpcAdaptiveTests
{
    private static readonly RpcCommand s_command = new("custom", 99);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Only_the_nodes_that_were_named_are_asked()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(6);
        await theirs.RegisterAsync((int)s_command.Number, "store");
        await using RpcNode ours = Start(true, theirs.Endpoint);
        RpcQueryOptions options = new() { Nodes = [Endpoint(theirs.Endpoints[2]), Endpoint(theirs.Endpoints[4])] };
        RpcQuery query = ours.ClosestAsync(KeyOf(HyperPeer.NextKey()), s_command, "kept"u8.ToArray(), options);
        (await query.ToListAsync(Cancelled)).Count.ShouldBe(2);
        (await ReceivedAsync(theirs)).Select(requests => requests.Count).ShouldBe([0, 0, 2, 0, 2, 0]);
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task Exactly_the_twenty_closest_of_theirs_get_a_commit_with_the_token_that_each_gave()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(26);
        await theirs.RegisterAsync((int)s_command.Number, "store");
        await using RpcNode ours = Start(true, theirs.Endpoint);
        string key = HyperPeer.NextKey();
        Key256 target = KeyOf(key);
        RpcQuery query = ours.ClosestAsync(target, s_command, "kept"u8.ToArray());
        IReadOnlyList<RpcAnswer> acks = await query.ToListAsync(Cancelled);
        (acks.Count, query.Commits, query.FailedCommits).ShouldBe((20, 20, 0));

        IReadOnlyList<IReadOnlyList<JsonObject>> received = await ReceivedAsync(theirs);
        string[] committed = [.. theirs.Endpoints.Where((_, node) => received[node].Any(request => request["token"] is not null))];
        committed.ShouldBe(theirs.Endpoints.OrderBy(endpoint => RpcContact.FromEndpoint(Endpoint(endpoint)).Id ^ target).Take(20), ignoreOrder: true);
        received.SelectMany(requests => requests).Count(request => request["token"] is not null).ShouldBe(20);
        (await theirs.QueryAsync((int)s_command.Number, key, node: 11)).ShouldContain(reply => reply.Value == HyperPeer.Hex("kept"));
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task A_consumer_that_does_not_take_stops_the_asking()
    {
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(25);
        await theirs.RegisterAsync((int)s_command.Number, "echo");
        await using RpcNode ours = Start(true, theirs.Endpoint);
        await ours.Ready.WaitAsync(Cancelled);
        RpcQuery query = ours.QueryAsync(KeyOf(HyperPeer.NextKey()), s_command, options: new RpcQueryOptions { Concurrency = 3 });
        await using IAsyncEnumerator<RpcAnswer> answers = query.GetAsyncEnumerator(Cancelled);
        (await answers.MoveNextAsync()).ShouldBeTrue();

        // Long enough for all that is under way to be answered: round trips to every node of their process.
        foreach (string endpoint in theirs.Endpoints)
        {
            await ours.PingAsync(Endpoint(endpoint), Cancelled);
        }

        int held = (await ReceivedAsync(theirs)).Sum(requests => requests.Count);
        held.ShouldBeInRange(3, 8);
        int taken = 1;
        while (await answers.MoveNextAsync())
        {
            taken++;
        }

        taken.ShouldBeGreaterThanOrEqualTo(20);
        (await ReceivedAsync(theirs)).Sum(requests => requests.Count).ShouldBe(taken);
    }

    [Fact, Trait("Peer", "dht-rpc")]
    public async Task A_node_that_theirs_reach_becomes_persistent_after_twenty_minutes_and_is_in_their_tables()
    {
        SteppedTime time = new();
        await using DhtRpcPeer theirs = await DhtRpcPeer.StartAsync(6);
        await using RpcNode ours = await RpcNode.CreateAsync(Options(null, theirs.Endpoint), timeProvider: time, cancellationToken: Cancelled);
        await ours.Ready.WaitAsync(Cancelled);
        ours.Id.ShouldBeNull();

        // A tick at a time; between them everything that is due is answered.
        for (int step = 0; step < 260 && ours.Id is null; step++)
        {
            (await theirs.GetLiveNodesAsync()).ShouldNotContain(ours.LocalEndpoint.ToString());
            time.Advance(TimeSpan.FromSeconds(5));
            await ours.PingAsync(Endpoint(theirs.Endpoints[step % 6]), Cancelled);
        }

        ours.Id.ShouldBe(RpcContact.FromEndpoint(UdpEndpoint.From(ours.LocalEndpoint)).Id);
        ours.Status().External.ShouldBe(UdpEndpoint.From(ours.LocalEndpoint));
        await theirs.WaitForNodeAsync(ours.LocalEndpoint.ToString());
        (await theirs.PingAsync(ours.LocalEndpoint.ToString(), node: 3)).FromId.ShouldBe(ours.Id.ToString());
    }

    [Fact, Trait("Peer", "hyperdht")]
    public async Task Hyperdht_keeps_a_persistent_node_of_ours_and_never_an_ephemeral_one()
    {
        await using HyperdhtPeer theirs = await HyperdhtPeer.StartAsync(4);
        await using RpcNode persistent = Start(false, theirs.Endpoint);
        await using RpcNode ephemeral = Start(true, theirs.Endpoint);
        await ephemeral.FindNodeAsync(KeyOf(HyperPeer.NextKey()), Cancelled);
        await persistent.FindNodeAsync(KeyOf(HyperPeer.NextKey()), Cancelled);
        await theirs.WaitForNodeAsync(persistent.LocalEndpoint.ToString(), node: 2);
        for (int node = 0; node < 4; node++)
        {
            IReadOnlyList<string> kept = await theirs.GetLiveNodesAsync(node);
            kept.ShouldNotContain(ephemeral.LocalEndpoint.ToString());
            kept.ShouldNotContain(ephemeral.ClientEndpoint.ToString());
        }
    }

    private static RpcNode Start(bool ephemeral, params string[] bootstrap) => RpcNode.Create(Options(ephemeral, bootstrap));

    private static RpcOptions Options(bool? ephemeral, params string[] bootstrap) => new()
    {
        Host = IPAddress.Loopback,
        Bootstrap = bootstrap,
        Ephemeral = ephemeral,
        Scope = AddressScope.Private,
        Diversity = false,
    };

    private static async Task<IReadOnlyList<IReadOnlyList<JsonObject>>> ReceivedAsync(DhtRpcPeer theirs)
    {
        List<IReadOnlyList<JsonObject>> received = [];
        for (int node = 0; node < theirs.Endpoints.Count; node++)
        {
            received.Add(await theirs.GetReceivedAsync(node));
        }

        return received;
    }

    private static UdpEndpoint Endpoint(string text) => UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) ? endpoint : throw new FormatException(text);

    private static Key256 KeyOf(string hex) => Key256.Read(Convert.FromHexString(hex));
}
