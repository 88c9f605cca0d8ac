using System.Net;
using System.Net.Sockets;

namespace Kadstone.Libp2p.Tests.Facade;

public sealed class HostTests
{
    private static CancellationToken Cancelled => Hosts.Cancelled;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_hosts_carry_a_megabyte_both_ways(bool earlyMuxer)
    {
        await using Libp2pHost first = await Hosts.StartAsync(Hosts.Options with { EarlyMuxer = earlyMuxer });
        await using Libp2pHost second = await Hosts.StartAsync();
        using IDisposable served = second.AcceptEcho();
        using IDisposable servedBack = first.AcceptEcho();
        byte[] bytes = new byte[1 << 20];
        new Random(1).NextBytes(bytes);
        (await first.EchoAsync(second.Info(), bytes)).ShouldBe(bytes);

        // The other way over the same connection: no address is needed.
        (await second.EchoAsync(new PeerInfo(first.LocalPeer, []), bytes)).ShouldBe(bytes);
        (first.Connections.Count, second.Connections.Count).ShouldBe((1, 1));
        (first.Connections[0].IsInbound, second.Connections[0].IsInbound).ShouldBe((false, true));
    }

    [Fact]
    public async Task Many_streams_at_once_share_one_connection()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        using IDisposable served = second.AcceptEcho();
        byte[][] sent = [.. Enumerable.Range(0, 60).Select(i => Enumerable.Repeat((byte)i, 50_000).ToArray())];
        byte[][] received = await Task.WhenAll(sent.Select(bytes => first.EchoAsync(second.Info(), bytes)));
        received.ShouldBe(sent);
        second.Connections.Count.ShouldBe(1, "dials to one peer are one dial");
    }

    [Fact]
    public async Task Each_side_learns_what_the_other_is()
    {
        await using Libp2pHost first = await Hosts.StartAsync(Hosts.Options with { AgentVersion = "first/1" });
        await using Libp2pHost second = await Hosts.StartAsync();
        using IDisposable served = second.AcceptEcho();
        Task<IdentifiedPeer> fromFirst = first.NextIdentifiedAsync(_ => true);
        Task<IdentifiedPeer> fromSecond = second.NextIdentifiedAsync(_ => true);
        await first.ConnectAsync(second.Info(), Cancelled);
        IdentifiedPeer told = await fromFirst;
        (told.Id, told.ProtocolVersion).ShouldBe((second.LocalPeer, "ipfs/0.1.0"));
        told.Protocols.ShouldBe(["/echo/1", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"]);
        told.Addresses.ShouldBe(second.ListenAddresses);
        told.SignedRecord.ShouldNotBeNull().Addresses.ShouldBe(second.ListenAddresses);
        told.ObservedAddress.ShouldBe((await fromSecond, second.Connections.Single().RemoteAddress).RemoteAddress);
        (await fromSecond).AgentVersion.ShouldBe("first/1");
    }

    [Fact]
    public async Task A_protocol_served_later_or_no_more_is_told_at_once()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        Task<IdentifiedPeer> known = first.NextIdentifiedAsync(_ => true);
        Task<IdentifiedPeer> knownBack = second.NextIdentifiedAsync(_ => true);
        await first.ConnectAsync(second.Info(), Cancelled);
        await Task.WhenAll(known, knownBack);
        Task<IdentifiedPeer> added = first.NextIdentifiedAsync(peer => peer.Protocols.Contains("/late/1"));
        IDisposable served = second.AcceptEcho("/late/1");
        (await added).Addresses.ShouldBe(second.ListenAddresses);
        Task<IdentifiedPeer> removed = first.NextIdentifiedAsync(peer => !peer.Protocols.Contains("/late/1"));
        served.Dispose();
        await removed;
        first.Connections.Single().Identity.ShouldNotBeNull().Protocols.ShouldNotContain("/late/1");
    }

    [Fact]
    public async Task Pings_come_back()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        (await first.PingAsync(second.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        (await second.PingAsync(new PeerInfo(first.LocalPeer, []), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_protocol_that_the_peer_does_not_speak_is_said_so()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        await Should.ThrowAsync<ProtocolNotSupportedException>(async () => await first.OpenAsync(second.Info(), "/nobody/1", Cancelled));
        using IDisposable served = first.AcceptEcho();
        Should.Throw<InvalidOperationException>(() => first.AcceptEcho());
        Should.Throw<ArgumentException>(() => first.AcceptEcho("/a\n"));
    }

    [Fact]
    public async Task A_reset_reaches_the_other_side_and_a_failing_handler_resets()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        TaskCompletionSource<Exception> seen = new();
        using IDisposable served = second.Accept("/reset/1", async (stream, token) =>
        {
            try
            {
                await stream.WriteAsync(new byte[1], token);
                await stream.ReadExactlyAsync(new byte[100], token);
            }
            catch (Exception exception)
            {
                seen.SetResult(exception);
            }
        });
        using IDisposable failing = second.Accept("/failing/1", (_, _) => throw new InvalidOperationException("the handler's own"));
        PeerStream stream = await first.OpenAsync(second.Info(), "/reset/1", Cancelled);
        (await stream.ReadAsync(new byte[1], Cancelled)).ShouldBe(1);
        stream.Reset();
        (await seen.Task.WaitAsync(Hosts.Guard, Cancelled)).ShouldBeOfType<StreamResetException>();
        await Should.ThrowAsync<StreamResetException>(async () => await stream.WriteAsync(new byte[1], Cancelled));

        PeerStream other = await first.OpenAsync(second.Info(), "/failing/1", Cancelled);
        await Should.ThrowAsync<StreamResetException>(async () => await other.ReadExactlyAsync(new byte[1], Cancelled));
    }

    [Fact]
    public async Task A_reader_that_waits_can_be_cancelled_and_go_on()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        using IDisposable served = second.AcceptEcho();
        await using PeerStream stream = await first.OpenAsync(second.Info(), "/echo/1", Cancelled);
        using CancellationTokenSource impatient = new();
        ValueTask<int> reading = stream.ReadAsync(new byte[1], impatient.Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () => await reading);
        await stream.WriteAsync(new byte[] { 7 }, Cancelled);
        byte[] back = new byte[1];
        (await stream.ReadAsync(back, Cancelled), back[0]).ShouldBe((1, (byte)7));
    }

    [Fact]
    public async Task A_wrong_peer_is_not_reached_and_not_tried_again_at_once()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        PeerInfo wrong = new(PrivateKey.FromSeed(new byte[32]).PeerId, second.ListenAddresses);
        (await Should.ThrowAsync<PeerUnreachableException>(() => first.ConnectAsync(wrong, Cancelled))).Message.ShouldContain("AnotherPeer");
        (await Should.ThrowAsync<PeerUnreachableException>(async () => await first.OpenAsync(wrong, "/echo/1", Cancelled))).Message.ShouldContain("a moment ago");
        first.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_many_addresses_one_that_leads_to_the_peer_is_enough()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        await using Libp2pHost second = await Hosts.StartAsync();
        await using Libp2pHost other = await Hosts.StartAsync();
        Multiaddr[] addresses =
        [
            Multiaddr.Parse("/ip4/127.0.0.1/tcp/1"), Multiaddr.Parse("/ip4/127.0.0.1/udp/1/quic-v1"), .. other.ListenAddresses,
            Multiaddr.Parse("/dns4/localhost/tcp/1"), .. second.ListenAddresses,
        ];
        await first.ConnectAsync(new PeerInfo(second.LocalPeer, addresses), Cancelled);
        first.Connections.Single().RemoteAddress.ShouldBe(second.ListenAddresses[0]);
        (await first.ConnectAsync(other.ListenAddresses[0], Cancelled)).ShouldBe(other.LocalPeer);
        (await first.ConnectAsync(other.ListenAddresses[0].WithPeer(other.LocalPeer), Cancelled)).ShouldBe(other.LocalPeer);
    }

    [Fact]
    public async Task The_policy_says_whom_we_dial()
    {
        await using Libp2pHost open = await Hosts.StartAsync();
        await using Libp2pHost strict = await Hosts.StartAsync(Hosts.Options with { Policy = AddressPolicy.Public });
        (await Should.ThrowAsync<PeerUnreachableException>(() => strict.ConnectAsync(open.Info(), Cancelled))).Message.ShouldContain("no address that may be dialed");
        await open.ConnectAsync(strict.Info(), Cancelled);
        await Should.ThrowAsync<PeerUnreachableException>(() => open.ConnectAsync(open.Info(), Cancelled));
    }

    [Fact]
    public async Task Whoever_leaves_is_told_of_and_closing_waits_for_nobody()
    {
        await using Libp2pHost first = await Hosts.StartAsync();
        Libp2pHost second = await Hosts.StartAsync();
        TaskCompletionSource entered = new();
        using IDisposable served = second.Accept("/endless/1", async (_, token) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        await first.OpenAsync(second.Info(), "/endless/1", Cancelled);
        await entered.Task.WaitAsync(Hosts.Guard, Cancelled);
        Task gone = first.DisconnectedAsync(second.LocalPeer);
        await second.DisposeAsync();
        await gone;
        first.Connections.ShouldBeEmpty();
        await Should.ThrowAsync<ObjectDisposedException>(() => second.ConnectAsync(first.Info(), Cancelled));
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Connections_of_one_host_are_limited_and_those_that_exist_go_on()
    {
        await using Libp2pHost limited = await Hosts.StartAsync(Hosts.Options with { Limits = new HostLimits { PerHost = 3 } });
        using IDisposable served = limited.AcceptEcho();
        List<Libp2pHost> others = [];
        for (int i = 0; i < 3; i++)
        {
            others.Add(await Hosts.StartAsync());
            await others[i].ConnectAsync(limited.Info(), Cancelled);
        }

        others.Add(await Hosts.StartAsync());
        await Should.ThrowAsync<PeerUnreachableException>(() => others[3].ConnectAsync(limited.Info(), Cancelled));
        (await others[0].EchoAsync(limited.Info(), [1, 2])).ShouldBe([1, 2]);
        limited.Status().Refused.ShouldBe(1);
        foreach (Libp2pHost other in others)
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task Strangers_who_say_nothing_are_bounded_and_left_when_their_time_is_over()
    {
        await using Libp2pHost host = await Hosts.StartAsync(Hosts.Options with { Limits = HostLimits.OneMachine with { HalfOpen = 4 }, HandshakeTimeout = TimeSpan.FromSeconds(1) });
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        Socket[] strangers = [.. Enumerable.Range(0, 10).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        List<Task> connected = [];

        // All are ended by the host: the first four when their time is over, the others at once.
        foreach (Socket stranger in strangers)
        {
            connected.Add(ConnectedUntilEndAsync(stranger));
        }

        await Task.WhenAll(connected);

        await host.DisposeAsync();
        (host.Status().Refused, host.Status().Ended.GetValueOrDefault("HandshakeTimeout")).ShouldBe((6, 4));
        host.Status().HalfOpen.ShouldBe(0);

        async Task ConnectedUntilEndAsync(Socket stranger)
        {
            byte[] buffer = new byte[64];
            try
            {
                await stranger.ConnectAsync(endpoint, Cancelled);
                while (await stranger.ReceiveAsync(buffer, Cancelled).AsTask().WaitAsync(Hosts.Guard, Cancelled) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // Ended without lingering.
            }

            stranger.Dispose();
        }
    }

    [Fact]
    public async Task A_wildcard_stands_for_every_interface_and_IPv6_is_dialed_too()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "IPv6 is off on this machine");
        await using Libp2pHost wild = await Hosts.StartAsync(Hosts.Options with { Listen = [Multiaddr.Parse("/ip4/0.0.0.0/tcp/0")] });
        await using Libp2pHost six = await Hosts.StartAsync(Hosts.Options with { Listen = [Multiaddr.Parse("/ip6/::1/tcp/0")] });
        wild.ListenAddresses.ShouldContain(address => address.ToString().StartsWith("/ip4/127.0.0.1/tcp/", StringComparison.Ordinal));
        await wild.ConnectAsync(six.Info(), Cancelled);
        wild.Connections.Single().RemoteAddress.ToString().ShouldStartWith("/ip6/::1/tcp/");
        await using Libp2pHost silent = await Hosts.StartAsync(Hosts.Options with { Listen = [] });
        silent.ListenAddresses.ShouldBeEmpty();
        await silent.ConnectAsync(wild.Info(), Cancelled);
    }

    [Fact]
    public async Task Ended_connections_leave_nothing()
    {
        await using Libp2pHost host = await Hosts.StartAsync();
        for (int i = 0; i < 10; i++)
        {
            Libp2pHost other = await Hosts.StartAsync();
            Task gone = host.DisconnectedAsync(other.LocalPeer);
            await other.ConnectAsync(host.Info(), Cancelled);
            await other.DisposeAsync();
            await gone;
        }

        host.Connections.ShouldBeEmpty();
    }
}
