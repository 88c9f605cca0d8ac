using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M102, M103: <c>dht.node.create(port)</c>, and a socket that is given.</summary>
public sealed class CreateTests
{
    [Fact]
    public async Task With_a_port_it_is_bound_to_that_port()
    {
        int port = FreePort();
        await using MainlineDht node = await MainlineDht.CreateAsync(port, Devnet.Guard());
        node.Port.ShouldBe(port);
        node.LocalEndpoints.ShouldBe([new IPEndPoint(IPAddress.Any, port)]);
    }

    [Fact]
    public async Task Without_a_port_it_takes_any()
    {
        await using MainlineDht node = await MainlineDht.CreateAsync(cancellationToken: Devnet.Guard());
        node.Port.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_port_in_use_is_a_socket_exception_and_leaves_nothing_behind()
    {
        await using MainlineDht first = await MainlineDht.CreateAsync(Devnet.OptionsOf(1), cancellationToken: Devnet.Guard());
        int free = FreePort();
        TestStore store = new();
        SocketException failure = await Should.ThrowAsync<SocketException>(() => MainlineDht.CreateAsync(
            Devnet.OptionsOf(2) with { Addresses = [Devnet.AddressOf(2), Devnet.AddressOf(1)], Port = first.Port, Store = store }));
        failure.SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);
        store.IsDisposed.ShouldBeTrue();

        // The first of the two addresses was bound already: it is free again.
        await using MainlineDht second = await MainlineDht.CreateAsync(Devnet.OptionsOf(2) with { Port = first.Port });
        second.Port.ShouldBe(first.Port);
        free.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("nowhere:0")]
    [InlineData(":6881")]
    [InlineData("host:65536")]
    public async Task A_bootstrap_host_without_a_port_is_refused_with_the_name_of_the_option(string host)
    {
        ArgumentException failure = await Should.ThrowAsync<ArgumentException>(() => MainlineDht.CreateAsync(Devnet.OptionsOf(1, host)));
        failure.Message.ShouldContain("MainlineOptions.Bootstrap");
        failure.Message.ShouldContain($"'{host}'");
    }

    [Fact]
    public async Task A_creation_that_is_cancelled_closes_what_it_opened()
    {
        TestStore store = new();
        MainlineOptions options = Devnet.OptionsOf(3, "name.invalid:6881") with { Port = FreePort(), Store = store };
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => MainlineDht.CreateAsync(options, cancellationToken: cancelled.Token));
        store.IsDisposed.ShouldBeTrue();
        await using MainlineDht again = await MainlineDht.CreateAsync(options with { Bootstrap = [], Store = null });
    }

    [Fact]
    public async Task A_given_socket_is_worked_on_and_left_open()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Devnet.AddressOf(9), 0));
        await using (MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9, devnet[0].Endpoint().ToString()) with { Socket = socket }))
        {
            node.LocalEndpoints.ShouldBe([(IPEndPoint)socket.LocalEndPoint!]);
            (await node.WaitForNetworkAsync(Devnet.Guard())).ShouldBeGreaterThan(0);
            (await devnet[1].PingAsync(node.Endpoint(), Devnet.Guard())).Node.Id.ShouldBe(node.Id);
        }

        // Still ours: it receives what is sent to it.
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(Devnet.AddressOf(9), 0));
        await other.SendToAsync("hello"u8.ToArray(), socket.LocalEndPoint!, Devnet.Guard());
        byte[] buffer = new byte[2_048];
        EndPoint from;
        do
        {
            from = (await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), Devnet.Guard())).RemoteEndPoint;
        }
        while (!from.Equals(other.LocalEndPoint));
    }

    [Fact]
    public async Task A_socket_that_is_not_bound_is_refused()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await Should.ThrowAsync<ArgumentException>(() => MainlineDht.CreateAsync(Devnet.OptionsOf(1) with { Socket = socket }));
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
