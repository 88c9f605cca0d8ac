using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>Floods of a real host by the clock, alone on the machine: what they cost others, and what the host keeps of them.</summary>
[Trait("Category", "Bars")]
public sealed class HostBarTests
{
    private const long Mebibyte = 1 << 20;

    private static readonly YamuxHeader s_body = new(YamuxType.Data, YamuxFlags.Syn, 1001, 0);

    private static CancellationToken Cancelled => Hosts.Cancelled;

    /// <summary>Bar 29.</summary>
    [Theory]
    [InlineData("20,000 streams opened", (int)YamuxType.WindowUpdate, (int)YamuxFlags.Syn, 20_000)]
    [InlineData("30,000 streams opened and reset", (int)YamuxType.WindowUpdate, (int)(YamuxFlags.Syn | YamuxFlags.Rst), 30_000)]
    [InlineData("20,000 pings", (int)YamuxType.Ping, (int)YamuxFlags.Syn, 20_000)]
    [InlineData("a window of a stream overflowed", (int)YamuxType.Data, (int)YamuxFlags.Syn, 1)]
    public async Task A_flood_of_frames(string what, int type, int flags, int count)
    {
        await using Libp2pHost host = await Hosts.StartAsync();
        await using Libp2pHost honest = await Hosts.StartAsync();
        using IDisposable served = host.Accept("/nothing/1", (_, token) => Task.Delay(Timeout.Infinite, token));
        await honest.ConnectAsync(host.Info(), Cancelled);
        await honest.PingAsync(host.Info(), Cancelled);
        using RawPeer stranger = await RawPeer.ConnectAsync(host);
        byte[] frames = type == (int)YamuxType.Data ? Overflow() : Frames((YamuxType)type, (YamuxFlags)flags, count);
        long before = GC.GetTotalMemory(true);

        Stopwatch clock = Stopwatch.StartNew();
        Task flood = stranger.SendSealedAsync(frames);
        await honest.PingAsync(host.Info(), Cancelled);
        TimeSpan served1 = clock.Elapsed;
        await flood;
        await stranger.EndedAsync();
        TimeSpan ended = clock.Elapsed;
        long growth = GC.GetTotalMemory(true) - before;

        Report($"bar 29, {what}: another served after {served1.TotalMilliseconds:F0} ms, the connection ended after {ended.TotalMilliseconds:F0} ms, {growth / 1024.0:F0} KiB kept");
        served1.ShouldBeLessThan(TimeSpan.FromSeconds(1.5));
        ended.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        growth.ShouldBeLessThan(32 * Mebibyte);
        (await honest.PingAsync(host.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        GC.KeepAlive(frames);
    }

    /// <summary>Bar 29.</summary>
    [Fact]
    public async Task Readers_that_sleep()
    {
        // As many as one address may have connections.
        const int Sleepers = 8;
        await using Libp2pHost host = await Hosts.StartAsync();
        await using Libp2pHost honest = await Hosts.StartAsync();
        await honest.ConnectAsync(host.Info(), Cancelled);
        long before = GC.GetTotalMemory(true);
        List<SleepingReader> sleepers = [];
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < Sleepers; i++)
        {
            sleepers.Add(await SleepingReader.StartAsync(host, $"/ask/{i}"));
        }

        await Task.WhenAll(sleepers.Select(sleeper => sleeper.Stuck)).WaitAsync(Hosts.Guard, Cancelled);
        TimeSpan stuck = clock.Elapsed;
        TimeSpan slowest = TimeSpan.Zero;
        for (int i = 0; i < 100; i++)
        {
            TimeSpan ping = await honest.PingAsync(host.Info(), Cancelled);
            slowest = ping > slowest ? ping : slowest;
        }

        long growth = GC.GetTotalMemory(true) - before;
        clock.Restart();
        await Task.WhenAll(sleepers.Select(sleeper => sleeper.OpenTooManyAsync()));
        await Task.WhenAll(sleepers.Select(sleeper => sleeper.AllEnded)).WaitAsync(Hosts.Guard, Cancelled);
        TimeSpan ended = clock.Elapsed;

        Report($"bar 29, {Sleepers} readers that sleep, {SleepingReader.Streams} streams each: stuck after {stuck.TotalMilliseconds:F0} ms, the slowest of 100 pings of another {slowest.TotalMilliseconds:F1} ms, "
            + $"{growth / 1024.0:F0} KiB kept for {sleepers.Sum(sleeper => sleeper.Answered) * SleepingReader.AnswerLength / 1024} KiB answered, all ended {ended.TotalMilliseconds:F0} ms after the budget");
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(1.5));
        growth.ShouldBeLessThan(32 * Mebibyte);
        ended.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        sleepers.ForEach(sleeper => sleeper.Dispose());
    }

    /// <summary>Bar 30.</summary>
    [Fact]
    public async Task Two_thousand_connections_that_say_nothing()
    {
        await using Libp2pHost host = await Hosts.StartAsync(Hosts.Options with { Limits = new HostLimits() });
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        await using Libp2pHost honest = await Hosts.StartAsync();
        List<Socket> strangers = [];
        List<TimeSpan> times = [];
        int mostHalfOpen = 0;
        for (int i = 0; i < 2000; i++)
        {
            // From sixteen /24s with ten addresses each.
            Socket stranger = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            stranger.Bind(new IPEndPoint(IPAddress.Parse($"127.{66 + (i % 16)}.0.{1 + (i / 16 % 10)}"), 0));
            strangers.Add(stranger);
            try
            {
                await stranger.ConnectAsync(endpoint, Cancelled);
            }
            catch (SocketException)
            {
                // Refused while it came.
            }

            mostHalfOpen = Math.Max(mostHalfOpen, host.Status().HalfOpen);
            if (i % 200 == 199)
            {
                // While all places for those in their handshake are taken, the honest one may have to come again.
                Stopwatch clock = Stopwatch.StartNew();
                await ConnectHonestAsync(honest, host);
                times.Add(clock.Elapsed);
                honest.Disconnect(host.LocalPeer);
            }
        }

        Stopwatch waiting = Stopwatch.StartNew();
        int left = host.Status().HalfOpen;
        while (host.Status().HalfOpen > left / 20 && waiting.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(50, Cancelled);
        }

        Report($"bar 30: the slowest of {times.Count} honest connects {times.Max().TotalMilliseconds:F0} ms; at most {mostHalfOpen} half open, {host.Status().Refused} refused; 95 % of the last {left} gone after {waiting.Elapsed.TotalSeconds:F1} s");
        mostHalfOpen.ShouldBeLessThanOrEqualTo(64);
        waiting.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
        times.Max().ShouldBeLessThan(TimeSpan.FromSeconds(1));
        strangers.ForEach(stranger => stranger.Dispose());
    }

    /// <summary>Bar 31.</summary>
    [Fact]
    public async Task A_thousand_handshakes_a_second_with_bad_keys()
    {
        const int Strangers = 40;
        TimeSpan length = TimeSpan.FromSeconds(30);
        await using Libp2pHost host = await Hosts.StartAsync(Hosts.Options with { Limits = HostLimits.OneMachine with { HalfOpen = 64 } });
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        await using Libp2pHost honest = await Hosts.StartAsync();
        await honest.ConnectAsync(host.Info(), Cancelled);
        byte[] choice = [.. MultistreamLine.Write("/multistream/1.0.0"), .. MultistreamLine.Write(ConnectionSettings.Noise)];
        List<double> pings = [];
        long attempts = 0;
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        Stopwatch clock = Stopwatch.StartNew();
        Task[] attacks = [.. Enumerable.Range(0, Strangers).Select(_ => Task.Run(AttackAsync))];
        while (clock.Elapsed < length)
        {
            pings.Add((await honest.PingAsync(host.Info(), Cancelled)).TotalMilliseconds);
            await Task.Delay(20, Cancelled);
        }

        await Task.WhenAll(attacks);
        double cores = (Process.GetCurrentProcess().TotalProcessorTime - before) / clock.Elapsed;
        pings.Sort();
        double p99 = pings[(int)(0.99 * pings.Count)];
        Report($"bar 31: {attempts / clock.Elapsed.TotalSeconds:F0} handshakes a second with bad keys, {cores:F2} cores, the attackers' own work included; ping p99 {p99:F1} ms of {pings.Count}");
        cores.ShouldBeLessThan(1);
        p99.ShouldBeLessThan(100);

        // As fast as a thousand a second: a key by chance, then nonsense where the proof of the own key belongs.
        async Task AttackAsync()
        {
            byte[] answer = new byte[4096];
            while (clock.Elapsed < length)
            {
                long mine = Interlocked.Increment(ref attempts);
                TimeSpan early = TimeSpan.FromMilliseconds(mine) - clock.Elapsed;
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, Cancelled);
                }

                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await socket.ConnectAsync(endpoint, Cancelled);
                    await socket.SendAsync((byte[])[.. choice, 0, 32, .. RandomNumberGenerator.GetBytes(32)], Cancelled);
                    int heard = 0;
                    while (heard < 200 && await socket.ReceiveAsync(answer, Cancelled) is int count and > 0)
                    {
                        heard += count;
                    }

                    await socket.SendAsync((byte[])[0, 64, .. new byte[64]], Cancelled);
                    await RawPeer.EndedAsync(socket);
                }
                catch (SocketException)
                {
                    // One too many, or ended before it had said all.
                }
            }
        }
    }

    private static async Task ConnectHonestAsync(Libp2pHost honest, Libp2pHost host)
    {
        while (true)
        {
            try
            {
                await honest.ConnectAsync(host.Info(), Cancelled);
                return;
            }
            catch (PeerUnreachableException)
            {
                await Task.Delay(20, Cancelled);
            }
        }
    }

    private static byte[] Frames(YamuxType type, YamuxFlags flags, int count)
    {
        byte[] frames = new byte[count * YamuxHeader.ByteLength];
        for (int i = 0; i < count; i++)
        {
            new YamuxHeader(type, flags, type == YamuxType.Ping ? 0 : (uint)(1001 + (2 * i)), 0).Write(frames.AsSpan(i * YamuxHeader.ByteLength));
        }

        return frames;
    }

    private static byte[] Overflow()
    {
        byte[] frame = new byte[YamuxHeader.ByteLength + YamuxLimits.InitialWindow + 1];
        new YamuxHeader(s_body.Type, s_body.Flags, s_body.StreamId, YamuxLimits.InitialWindow + 1).Write(frame);
        return frame;
    }

    private static void Report(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
