using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>The verbs of <see cref="IRpcNode"/> on the first generation's wire, over loopback.</summary>
public sealed class Gen1NodeTests
{
    private static readonly RpcOptions s_options = new() { Host = IPAddress.Loopback, Scope = AddressScope.Private, Diversity = false };
    private static readonly RpcCommand s_store = new("store", 0);
    private static readonly RpcCommand s_lookup = new("lookup", 0);
    private static readonly Key256 s_target = new(1, 2);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Who is named in a network is who has answered a ping, which takes a moment: so some questions are put again.
    [Fact]
    public async Task A_node_listens_when_it_is_first_used_and_queries_wait_for_the_join_by_themselves()
    {
        await using Gen1RpcNode bootstrap = await BootstrapAsync();
        await using Gen1RpcNode node = Create(bootstrap);
        Should.Throw<InvalidOperationException>(() => node.LocalEndpoint);
        await using Gen1RpcNode other = Create(bootstrap);
        other.OnQuery(s_lookup, (_, _) => ValueTask.FromResult(new RpcReply(new byte[] { 7 })));
        await other.Ready.WaitAsync(Cancelled);

        RpcAnswer answer = (await Waiting.ForAsync(() => node.QueryAsync(s_target, s_lookup).ToListAsync(Cancelled), answers => answers.Count == 1)).Single();
        (answer.From, answer.FromId, answer.Value.ShouldNotBeNull().ToArray().Single()).ShouldBe((UdpEndpoint.From(other.LocalEndpoint), other.Id, (byte)7));
        node.LocalEndpoint.Port.ShouldBePositive();
    }

    [Fact]
    public async Task The_id_is_the_one_given_else_a_random_one_and_none_while_ephemeral()
    {
        await using Gen1RpcNode given = Gen1RpcNode.Create(s_options with { Id = s_target });
        await using Gen1RpcNode first = Gen1RpcNode.Create(s_options);
        await using Gen1RpcNode second = Gen1RpcNode.Create(s_options);
        await using Gen1RpcNode ephemeral = Gen1RpcNode.Create(s_options with { Ephemeral = true });
        (given.Id, ephemeral.Id).ShouldBe((s_target, (Key256?)null));
        first.Id.ShouldNotBeNull().ShouldNotBe(second.Id.ShouldNotBeNull());
        Should.Throw<ArgumentException>(() => Key256.Read(new byte[31]));
    }

    [Fact]
    public async Task A_port_is_bound_as_asked_is_refused_when_taken_and_is_free_after_the_end()
    {
        Gen1RpcNode first = Gen1RpcNode.Create(s_options);
        await first.ListenAsync(0, Cancelled);
        int port = first.LocalEndpoint.Port;
        await first.ListenAsync(port, Cancelled);
        await Should.ThrowAsync<InvalidOperationException>(() => first.ListenAsync(port == 1 ? 2 : 1, Cancelled));

        await using Gen1RpcNode second = Gen1RpcNode.Create(s_options);
        SocketException taken = await Should.ThrowAsync<SocketException>(() => second.ListenAsync(port, Cancelled));
        taken.SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);
        await first.DisposeAsync();
        await first.DisposeAsync();
        await second.ListenAsync(port, Cancelled);
        second.LocalEndpoint.Port.ShouldBe(port);
        await Should.ThrowAsync<ObjectDisposedException>(() => first.PingAsync(UdpEndpoint.From(second.LocalEndpoint), Cancelled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_socket_of_the_caller_survives_the_node_unless_it_was_given_away(bool owns)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using Gen1RpcNode other = await BootstrapAsync();
        Gen1RpcNode node = Gen1RpcNode.Create(s_options with { Socket = socket, OwnsSocket = owns });
        RpcAnswer pong = await node.PingAsync(UdpEndpoint.From(other.LocalEndpoint), Cancelled);
        pong.To.ShouldBe(UdpEndpoint.From((IPEndPoint)socket.LocalEndPoint.ShouldNotBeNull()));
        await node.DisposeAsync();
        socket.SafeHandle.IsClosed.ShouldBe(owns);
    }

    [Fact]
    public async Task All_spellings_of_a_bootstrap_node_lead_there()
    {
        await using Gen1RpcNode bootstrap = await BootstrapAsync();
        int port = bootstrap.LocalEndpoint.Port;
        await using Gen1RpcNode resident = Create(bootstrap);
        await resident.Ready.WaitAsync(Cancelled);
        foreach (string spelling in (string[])[$"{port}", $":{port}", $"127.0.0.1:{port}", $"localhost:{port}", $"127.0.0.1@nowhere.invalid:{port}"])
        {
            await using Gen1RpcNode node = Gen1RpcNode.Create(s_options with { Bootstrap = [spelling], Ephemeral = true });
            (await Waiting.ForAsync(async () =>
            {
                await node.BootstrapAsync(Cancelled);
                return node.Contacts().Count;
            }, contacts => contacts >= 1)).ShouldBeGreaterThanOrEqualTo(1, spelling);
        }

        Should.Throw<ArgumentException>(() => Gen1RpcNode.Create(s_options with { Bootstrap = ["a b:c"] }));
    }

    [Fact]
    public async Task Without_a_port_a_bootstrap_host_has_3282_and_for_hyperdht_49737()
    {
        await using Gen1RpcNode rpc = Gen1RpcNode.CreateBootstrapper(3282, s_options);
        await using Gen1RpcNode hyper = Gen1RpcNode.CreateBootstrapper(49_737, s_options);
        try
        {
            await rpc.ListenAsync(cancellationToken: Cancelled);
            await hyper.ListenAsync(cancellationToken: Cancelled);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Assert.Skip("another process of this machine holds 3282 or 49737");
        }

        await using Gen1RpcNode plain = Gen1RpcNode.Create(s_options with { Bootstrap = ["127.0.0.1"] });
        await using Gen1HyperDht dht = Gen1HyperDht.Create(s_options with { Bootstrap = ["127.0.0.1"] });
        await Waiting.ForAsync(() => Known(rpc, plain), known => known);
        await Waiting.ForAsync(() => Known(hyper, (Gen1RpcNode)dht.Node), known => known);

        async Task<bool> Known(Gen1RpcNode bootstrapper, Gen1RpcNode node)
        {
            await node.BootstrapAsync(Cancelled);
            return bootstrapper.Contacts().Any(entry => entry.Contact.Id == node.Id);
        }
    }

    [Fact]
    public async Task The_store_of_the_readme_keeps_a_value_under_its_own_hash()
    {
        await using Gen1RpcNode bootstrap = await BootstrapAsync();
        List<Gen1RpcNode> nodes = [];
        for (int i = 0; i < 20; i++)
        {
            Gen1RpcNode node = Create(bootstrap);
            nodes.Add(node);
            System.Collections.Concurrent.ConcurrentDictionary<Key256, ReadOnlyMemory<byte>> values = new();
            node.OnClosest(s_store, (request, _) =>
            {
                request.IsCommit.ShouldBeTrue();
                if (request.Value is ReadOnlyMemory<byte> value)
                {
                    values[Key256.Read(SHA256.HashData(value.Span))] = value;
                }

                return ValueTask.FromResult(RpcReply.Empty);
            });
            node.OnQuery(s_lookup, (request, _) => ValueTask.FromResult(
                new RpcReply(values.TryGetValue(request.Target.ShouldNotBeNull(), out ReadOnlyMemory<byte> value) ? value : null)));
            await node.Ready.WaitAsync(Cancelled);
        }

        byte[] kept = "hello"u8.ToArray();
        Key256 key = Key256.Read(SHA256.HashData(kept));
        await using Gen1RpcNode client = Gen1RpcNode.Create(s_options with { Bootstrap = [bootstrap.LocalEndpoint.ToString()], Ephemeral = true });
        await Waiting.ForAsync(() => client.FindNodeAsync(key, Cancelled), closest => closest.Count >= 10);
        RpcQuery put = client.ClosestAsync(key, s_store, kept);
        IReadOnlyList<RpcAnswer> acknowledged = await put.ToListAsync(Cancelled);
        acknowledged.Count.ShouldBe(put.Commits);
        acknowledged.ShouldAllBe(answer => answer.Phase == RpcPhase.Commit && answer.Value == null);

        bool isFound = false;
        await foreach (RpcAnswer answer in client.QueryAsync(key, s_lookup).WithCancellation(Cancelled))
        {
            if (answer.Value is ReadOnlyMemory<byte> value && Key256.Read(SHA256.HashData(value.Span)) == key)
            {
                isFound = true;
                break;
            }
        }

        isFound.ShouldBeTrue();
        foreach (Gen1RpcNode node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Only_the_nodes_named_are_asked_and_before_any_join()
    {
        await using Gen1RpcNode echo = await BootstrapAsync();
        echo.OnQuery(new RpcCommand("echo", 0), (request, _) => ValueTask.FromResult(new RpcReply(request.Value)));

        // A bootstrap node that never answers: a join through it takes a while.
        using Socket mute = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using Gen1RpcNode node = Gen1RpcNode.Create(s_options with { Bootstrap = [$"{mute.LocalEndPoint}"] });
        RpcQueryOptions options = new() { Nodes = [UdpEndpoint.From(echo.LocalEndpoint)] };
        foreach (byte[]? value in (byte[]?[])[null, [], new byte[1_000]])
        {
            RpcAnswer answer = (await node.QueryAsync(s_target, new RpcCommand("echo", 0), value is null ? null : (ReadOnlyMemory<byte>?)value, options).ToListAsync(Cancelled)).ShouldHaveSingleItem();
            (answer.Value?.Length).ShouldBe(value?.Length);
        }
    }

    [Fact]
    public async Task Silence_is_told_as_what_it_is()
    {
        using Socket mute = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        UdpEndpoint silent = UdpEndpoint.From((IPEndPoint)mute.LocalEndPoint.ShouldNotBeNull());
        await using Gen1RpcNode other = await BootstrapAsync();
        await using Gen1RpcNode node = Gen1RpcNode.Create(s_options);
        await node.ListenAsync(cancellationToken: Cancelled);

        (await Should.ThrowAsync<NoAnswerException>(() => node.PingAsync(silent, Cancelled))).Message.ShouldBe($"{silent} did not answer.");
        (await Should.ThrowAsync<NoAnswerException>(() => node.HolepunchAsync(silent, UdpEndpoint.From(other.LocalEndpoint), Cancelled)))
            .Message.ShouldContain("another port for each destination");
        (await Should.ThrowAsync<NoAnswerException>(() => node.PingAsync(UdpEndpoint.FromIPv4(0xE0000001, 5), Cancelled))).Message.ShouldContain("not allowed");

        RpcQuery query = node.QueryAsync(s_target, s_lookup, options: new RpcQueryOptions { Nodes = [silent] });
        (await Should.ThrowAsync<NoAnswerException>(() => query.ToListAsync(Cancelled))).Message.ShouldBe("No nodes responded.");
        (query.Responses, query.Errors).ShouldBe((0, 1));
        query.Warnings.ShouldBe([$"{silent} did not answer."]);

        // A bootstrap node alone answers, but nobody is there to commit to.
        await using Gen1RpcNode lonely = await BootstrapAsync();
        await using Gen1RpcNode alone = Create(lonely);
        (await Should.ThrowAsync<NoAnswerException>(() => alone.ClosestAsync(s_target, s_store).ToListAsync(Cancelled))).Message.ShouldBe("No close nodes responded.");
    }

    [Fact]
    public async Task A_punch_of_our_own_address_or_over_it_does_nothing()
    {
        await using Gen1RpcNode node = Gen1RpcNode.Create(s_options);
        await node.ListenAsync(cancellationToken: Cancelled);
        UdpEndpoint own = UdpEndpoint.From(node.LocalEndpoint);
        await node.HolepunchAsync(own, UdpEndpoint.FromIPv4(0x7F000001, 9), Cancelled);
        await node.HolepunchAsync(UdpEndpoint.FromIPv4(0x7F000001, 9), own, Cancelled);
    }

    [Fact]
    public async Task What_is_open_when_the_node_ends_is_cancelled()
    {
        using Socket mute = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Gen1RpcNode node = Gen1RpcNode.Create(s_options with { Bootstrap = [$"{mute.LocalEndPoint}"] });
        Task ping = node.PingAsync(UdpEndpoint.From((IPEndPoint)mute.LocalEndPoint.ShouldNotBeNull()), Cancelled);
        Task query = node.QueryAsync(s_target, s_lookup).ToListAsync(Cancelled);
        Task ready = node.Ready;
        await node.DisposeAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => ping);
        await Should.ThrowAsync<OperationCanceledException>(() => query);
        await Should.ThrowAsync<OperationCanceledException>(() => ready);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused_at_once()
    {
        await using Gen1RpcNode node = Gen1RpcNode.Create(s_options);
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, new RpcCommand("_ping", 0)));
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, new RpcCommand("", 0)));
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, new RpcCommand(new string('x', 129), 0)));
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, s_lookup, new byte[1_001]));
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, s_lookup, options: new RpcQueryOptions { Concurrency = 0 }));
        Should.Throw<ArgumentException>(() => node.QueryAsync(s_target, s_lookup, options: new RpcQueryOptions { Nodes = [] }));
        Should.Throw<ArgumentException>(() => node.OnQuery(new RpcCommand("_find_node", 0), (_, _) => default));
        Should.Throw<ArgumentException>(() => Gen1RpcNode.Create(s_options with { Port = 70_000 }));
    }

    private static async Task<Gen1RpcNode> BootstrapAsync()
    {
        Gen1RpcNode node = Gen1RpcNode.CreateBootstrapper(0, s_options);
        await node.ListenAsync(cancellationToken: Cancelled);
        return node;
    }

    private static Gen1RpcNode Create(Gen1RpcNode bootstrap) => Gen1RpcNode.Create(s_options with { Bootstrap = [bootstrap.LocalEndpoint.ToString()] });
}
