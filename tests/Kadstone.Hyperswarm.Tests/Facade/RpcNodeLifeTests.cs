using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>M044, M048 to M050, M074 to M076: a node from its making to its end.</summary>
public sealed class RpcNodeLifeTests
{
    private static readonly RpcCommand s_command = new("custom", 99);

    [Fact]
    public async Task A_node_is_of_use_before_it_is_ready_and_starts_by_itself()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(3);
        await using RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf(devnet.Bootstrap));
        Should.Throw<InvalidOperationException>(() => node.LocalEndpoint);
        node.Id.ShouldBeNull();
        node.Contacts().ShouldBeEmpty();
        node.Status().Contacts.ShouldBe(0);

        (await node.FindNodeAsync(RpcDevnet.RandomKey(), RpcDevnet.Guard())).Count.ShouldBe(3);
        node.Ready.IsCompletedSuccessfully.ShouldBeTrue();
        node.LocalEndpoint.Port.ShouldNotBe(0);
        RpcStatus status = node.Status();
        (status.IsPersistent, status.Id, status.External, status.Contacts).ShouldBe((true, node.Id, node.Endpoint(), 3));
        status.Sent.ShouldBeGreaterThan(0);
        status.Answers.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_handler_set_before_the_start_answers_the_first_request()
    {
        await using RpcNode server = RpcNode.Create(RpcDevnet.OptionsOf());
        server.OnQuery(s_command, (request, _) => ValueTask.FromResult(new RpcReply(request.Value)));
        await server.ListenAsync(cancellationToken: RpcDevnet.Guard());
        await using RpcNode client = RpcNode.Create(RpcDevnet.OptionsOf());
        RpcAnswer answer = await client.RequestAsync(server.Endpoint(), s_command, value: new byte[] { 1, 2 }, cancellationToken: RpcDevnet.Guard());
        answer.Value.ShouldNotBeNull().ToArray().ShouldBe([1, 2]);
    }

    [Fact]
    public async Task The_port_that_was_asked_for_or_none()
    {
        await using RpcNode first = RpcNode.Create(RpcDevnet.OptionsOf());
        await first.ListenAsync(0, RpcDevnet.Guard());
        int port = first.LocalEndpoint.Port;
        await using RpcNode second = RpcNode.Create(RpcDevnet.OptionsOf() with { Port = port });
        (await Should.ThrowAsync<SocketException>(() => second.ListenAsync(cancellationToken: RpcDevnet.Guard()))).SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);
        (await Should.ThrowAsync<SocketException>(() => second.PingAsync(first.Endpoint(), RpcDevnet.Guard()))).SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);

        // Another port is as good for one that has not begun; for one that listens it is a mistake.
        await second.ListenAsync(0, RpcDevnet.Guard());
        await second.ListenAsync(cancellationToken: RpcDevnet.Guard());
        await second.ListenAsync(second.LocalEndpoint.Port, RpcDevnet.Guard());
        await Should.ThrowAsync<InvalidOperationException>(() => second.ListenAsync(port, RpcDevnet.Guard()));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => second.ListenAsync(65_536, RpcDevnet.Guard()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_socket_that_was_brought_along_outlives_the_node_unless_it_was_given_away(bool owns)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(1);
        RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf(devnet.Bootstrap) with { Socket = socket, OwnsSocket = owns });
        await node.PingAsync(devnet[0].Endpoint(), RpcDevnet.Guard());
        node.LocalEndpoint.ShouldBe(socket.LocalEndPoint);
        (await devnet[0].PingAsync(node.Endpoint(), RpcDevnet.Guard())).FromId.ShouldBe(node.Id);
        await node.DisposeAsync();
        socket.SafeHandle.IsClosed.ShouldBe(owns);
        if (!owns)
        {
            socket.SendTo([1], new IPEndPoint(IPAddress.Loopback, 9)).ShouldBe(1);
        }
    }

    [Fact]
    public void A_socket_that_is_none_of_ours_is_refused()
    {
        using Socket unbound = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using Socket six = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        Should.Throw<ArgumentException>(() => RpcNode.Create(new RpcOptions { Socket = unbound })).Message.ShouldContain("Socket");
        Should.Throw<ArgumentException>(() => RpcNode.Create(new RpcOptions { Socket = six })).Message.ShouldContain("Socket");
        Should.Throw<ArgumentException>(() => RpcNode.Create(new RpcOptions { Ephemeral = true, IsReachableAssumed = true })).Message.ShouldContain("IsReachableAssumed");
    }

    [Fact]
    public async Task One_of_three_bootstrap_nodes_is_enough()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(3);
        string[] all = [.. devnet.Nodes.Select(node => node.LocalEndpoint.ToString())];
        await devnet[0].DisposeAsync();
        await devnet[1].DisposeAsync();
        await using RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf([all[0], $"127.0.0.1@no.name.invalid:{devnet[1].LocalEndpoint.Port}", $":{devnet[2].LocalEndpoint.Port}"]));
        (await node.WaitForNetworkAsync(RpcDevnet.Guard())).ShouldBe(1);
    }

    [Fact]
    public async Task An_ephemeral_node_asks_and_nobody_keeps_it()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(4);
        await using RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf(devnet.Bootstrap) with { Ephemeral = true });
        (await node.FindNodeAsync(RpcDevnet.RandomKey(), RpcDevnet.Guard())).Count.ShouldBe(4);
        node.Id.ShouldBeNull();
        (await node.PingAsync(devnet[2].Endpoint(), RpcDevnet.Guard())).To.ShouldBe(UdpEndpoint.From(node.ClientEndpoint));
        devnet.Nodes.SelectMany(other => other.Contacts()).ShouldNotContain(entry => entry.Contact.Endpoint.Port == node.ClientEndpoint.Port || entry.Contact.Endpoint == node.Endpoint());
    }

    [Fact]
    public async Task A_node_takes_the_public_address_that_it_was_told()
    {
        await using RpcNode node = await RpcNode.CreateAsync(RpcDevnet.OptionsOf() with { Host = IPAddress.Any, PublicAddress = IPAddress.Loopback, Ephemeral = null, IsReachableAssumed = true }, cancellationToken: RpcDevnet.Guard());
        node.Id.ShouldBe(RpcContact.FromEndpoint(UdpEndpoint.From(IPAddress.Loopback, (ushort)node.LocalEndpoint.Port)).Id);
    }

    [Fact]
    public async Task Bootstrapping_again_finds_who_came_back()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(1);
        int port = devnet[0].LocalEndpoint.Port;
        await devnet[0].DisposeAsync();
        await using RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf($":{port}"));
        (await node.WaitForNetworkAsync(RpcDevnet.Guard())).ShouldBe(0);
        await using RpcNode back = await RpcNode.CreateAsync(RpcDevnet.OptionsOf() with { Port = port }, cancellationToken: RpcDevnet.Guard());
        await node.BootstrapAsync(RpcDevnet.Guard());
        node.Contacts().ShouldHaveSingleItem().Contact.Endpoint.ShouldBe(back.Endpoint());
    }

    [Fact]
    public async Task Punching_to_ourselves_is_nothing_and_to_others_no_part_of_this_wire()
    {
        await using RpcNode node = await RpcNode.CreateAsync(RpcDevnet.OptionsOf(), cancellationToken: RpcDevnet.Guard());
        await node.HolepunchAsync(node.Endpoint(), node.Endpoint(), RpcDevnet.Guard());
        await Should.ThrowAsync<NotSupportedException>(() => node.HolepunchAsync(UdpEndpoint.FromIPv4(0x7F000001, 9), node.Endpoint(), RpcDevnet.Guard()));
    }

    [Fact]
    public async Task The_end_cancels_what_is_pending_and_closes_the_port()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(2);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (RpcNode other in devnet.Nodes)
        {
            other.OnQuery(s_command, (_, _) =>
            {
                asked.TrySetResult();
                throw new RpcDropException();
            });
        }

        RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf(devnet.Bootstrap));
        Task<RpcAnswer> request = node.RequestAsync(devnet[0].Endpoint(), s_command, cancellationToken: RpcDevnet.Guard());
        Task<IReadOnlyList<RpcAnswer>> query = node.QueryAsync(RpcDevnet.RandomKey(), s_command).ToListAsync(RpcDevnet.Guard());
        await asked.Task.Guarded();
        int port = node.LocalEndpoint.Port;
        await node.DisposeAsync();
        await node.DisposeAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => request.Guarded());
        await Should.ThrowAsync<OperationCanceledException>(() => query.Guarded());
        await Should.ThrowAsync<ObjectDisposedException>(() => node.PingAsync(devnet[0].Endpoint(), RpcDevnet.Guard()));
        await Should.ThrowAsync<ObjectDisposedException>(() => node.ListenAsync(cancellationToken: RpcDevnet.Guard()));
        Should.Throw<ObjectDisposedException>(() => node.OnQuery(s_command, (_, _) => ValueTask.FromResult(RpcReply.Empty)));
        using Socket free = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task Whoever_waits_for_a_join_that_never_ends_is_cancelled_by_the_end()
    {
        RpcNode node = RpcNode.Create(RpcDevnet.OptionsOf("127.0.0.1:9"));
        Task ready = node.Ready;
        Task<IReadOnlyList<RpcContact>> found = node.FindNodeAsync(default(Key256), RpcDevnet.Guard());
        await node.DisposeAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => ready.Guarded());
        await Should.ThrowAsync<OperationCanceledException>(() => found.Guarded());
    }
}
