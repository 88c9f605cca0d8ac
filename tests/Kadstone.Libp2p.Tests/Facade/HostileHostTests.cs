using System.Net;
using System.Net.Sockets;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>Strangers who do their worst to a real host, while honest peers are served.</summary>
public sealed class HostileHostTests
{
    private static CancellationToken Cancelled => Hosts.Cancelled;

    [Theory]
    [InlineData((int)YamuxType.WindowUpdate, (int)YamuxFlags.Syn, 20_000)]
    [InlineData((int)YamuxType.WindowUpdate, (int)YamuxFlags.Rst, 30_000)]
    [InlineData((int)YamuxType.Ping, (int)YamuxFlags.Syn, 20_000)]
    public async Task A_flood_of_frames_ends_its_connection_and_no_other(int type, int flags, int count)
    {
        await using Libp2pHost host = await Hosts.StartAsync();
        await using Libp2pHost honest = await Hosts.StartAsync();
        await honest.ConnectAsync(host.Info(), Cancelled);
        using RawPeer stranger = await RawPeer.ConnectAsync(host);

        byte[] frames = new byte[count * YamuxHeader.ByteLength];
        for (int i = 0; i < count; i++)
        {
            new YamuxHeader((YamuxType)type, (YamuxFlags)flags, type == (int)YamuxType.Ping ? 0 : (uint)(1001 + (2 * i)), 0).Write(frames.AsSpan(i * YamuxHeader.ByteLength));
        }

        await stranger.SendSealedAsync(frames);
        (await honest.PingAsync(host.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        await stranger.EndedAsync();
        await honest.DisposeAsync();
        await host.DisposeAsync();
        host.Status().Ended.GetValueOrDefault("OverBudget").ShouldBe(1);
    }

    [Fact]
    public async Task A_reader_that_sleeps_costs_no_more_than_what_waits_for_it()
    {
        await using Libp2pHost host = await Hosts.StartAsync();
        TaskCompletionSource<long> written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable served = host.Accept("/pour/1", async (stream, token) =>
        {
            long total = 0;
            try
            {
                while (true)
                {
                    Task writing = stream.WriteAsync(new byte[64 * 1024], token).AsTask();
                    if (!writing.IsCompleted)
                    {
                        stuck.TrySetResult();
                    }

                    await writing;
                    total += 64 * 1024;
                }
            }
            finally
            {
                written.SetResult(total);
            }
        });
        await using Libp2pHost sleeper = await Hosts.StartAsync();
        PeerStream sleeping = await sleeper.OpenAsync(host.Info(), "/pour/1", Cancelled);
        await stuck.Task.WaitAsync(Hosts.Guard, Cancelled);
        (await sleeper.PingAsync(host.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero, "other streams of the connection go on");
        sleeping.Reset();
        (await written.Task.WaitAsync(Hosts.Guard, Cancelled)).ShouldBeLessThanOrEqualTo(YamuxLimits.InitialWindow);
    }

    [Fact]
    public async Task A_flood_of_connections_keeps_nobody_honest_out()
    {
        await using Libp2pHost host = await Hosts.StartAsync(Hosts.Options with { Limits = new HostLimits { PerHost = 8 }, HandshakeTimeout = TimeSpan.FromMinutes(1) });
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        List<Socket> strangers = [];
        for (int i = 0; i < 300; i++)
        {
            // All from one address of loopback, the honest one from another.
            Socket stranger = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            stranger.Bind(new IPEndPoint(IPAddress.Parse("127.66.0.1"), 0));
            strangers.Add(stranger);
            try
            {
                await stranger.ConnectAsync(endpoint, Cancelled);
            }
            catch (SocketException)
            {
                // Refused while it came.
            }
        }

        await using Libp2pHost honest = await Hosts.StartAsync();
        Task<IdentifiedPeer> known = host.NextIdentifiedAsync(peer => peer.Id == honest.LocalPeer);
        await honest.ConnectAsync(host.Info(), Cancelled);
        await known;
        HostStatus status = host.Status();
        (status.HalfOpen, status.Refused).ShouldBe((8, 292));
        strangers.ForEach(stranger => stranger.Dispose());
    }

    [Fact]
    public async Task Who_is_slow_with_its_handshake_gives_its_place_up_to_who_waits_for_it()
    {
        LateClock clock = new();
        await using Libp2pHost host = await Hosts.StartAsync(Hosts.Options with { Limits = HostLimits.OneMachine with { HalfOpen = 2 }, HandshakeTimeout = TimeSpan.FromMinutes(1) }, clock);
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        using Socket slowest = new(SocketType.Stream, ProtocolType.Tcp);
        using Socket slow = new(SocketType.Stream, ProtocolType.Tcp);
        await slowest.ConnectAsync(endpoint, Cancelled);
        await HalfOpenAsync(host, 1);
        clock.Late = TimeSpan.FromMilliseconds(100);
        await slow.ConnectAsync(endpoint, Cancelled);
        await HalfOpenAsync(host, 2);
        await using Libp2pHost honest = await Hosts.StartAsync();

        await Should.ThrowAsync<PeerUnreachableException>(() => honest.ConnectAsync(host.Info(), Cancelled));
        clock.Late = TimeSpan.FromSeconds(1);
        await honest.ConnectAsync(host.Info(), Cancelled);

        await RawPeer.EndedAsync(slowest);
        await HalfOpenAsync(host, 1);
        host.Status().Refused.ShouldBe(1);
    }

    // That a connection came, nobody announces: the host is asked until it counts it.
    private static async Task HalfOpenAsync(Libp2pHost host, int count)
    {
        while (host.Status().HalfOpen != count)
        {
            await Task.Yield();
            Cancelled.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Nonsense_instead_of_a_handshake_ends_and_is_counted()
    {
        await using Libp2pHost host = await Hosts.StartAsync();
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        foreach (string text in new[] { "GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001", "\u0013/multistream/1.0.0\n\u0007/noise\n\u0000\u0001x" })
        {
            using Socket stranger = new(SocketType.Stream, ProtocolType.Tcp);
            await stranger.ConnectAsync(endpoint, Cancelled);
            await stranger.SendAsync(System.Text.Encoding.Latin1.GetBytes(text), Cancelled);
            stranger.Shutdown(SocketShutdown.Send);
            await RawPeer.EndedAsync(stranger);
        }

        await host.DisposeAsync();
        host.Status().Ended.Values.Sum().ShouldBe(3);
        host.Status().Ended.Keys.ShouldContain("Malformed");
        host.Status().Connections.ShouldBe(0);
    }

    /// <summary>The system's clock, ahead of it.</summary>
    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Late { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => System.GetElapsedTime(0, System.GetTimestamp()).Ticks + Late.Ticks;
    }
}
