using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>What is measured by the clock, alone on the machine: floods, a public server's duty, a soak, a full disk, spoofed sources.</summary>
[Trait("Category", "Bars")]
public sealed class BarTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static void Report(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);

    [Fact]
    public async Task A_flood_from_one_source_costs_the_others_nothing_and_earns_no_more_bytes_than_it_sends()
    {
        const int Flood = 3_000;
        await using NodeUnderTest node = await NodeUnderTest.StartAsync();
        await using Stranger flooder = new() { IsSilent = true };
        List<Stranger> honest = [.. Enumerable.Range(0, 30).Select(_ => new Stranger())];
        try
        {
            byte[] query = flooder.Query("get_peers", flooder.WithId([("info_hash", new byte[20])]), "aaaa"u8.ToArray());
            Task flood = Task.Run(
                async () =>
                {
                    Stopwatch clock = Stopwatch.StartNew();
                    for (int i = 0; i < Flood; i++)
                    {
                        flooder.Send(query, node.Endpoint);
                        while (clock.Elapsed.TotalSeconds < 1.7 * i / Flood)
                        {
                            await Task.Delay(1, Cancellation);
                        }
                    }
                },
                Cancellation);
            List<double> times = [];
            foreach (Stranger stranger in honest)
            {
                await Task.Delay(50, Cancellation);
                long began = Stopwatch.GetTimestamp();
                (await stranger.AskAsync(node.Endpoint, "ping")).Code.ShouldBe(0);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            await flood;
            await Task.Delay(300, Cancellation);
            Report($"bar 14: {Flood * query.Length} bytes in, {flooder.BytesReceived} bytes out; 30 honest pings, slowest {times.Max():0.0} ms");
            flooder.BytesReceived.ShouldBeLessThanOrEqualTo((long)Flood * query.Length);
            times.Count(time => time <= 250).ShouldBeGreaterThanOrEqualTo(29);
        }
        finally
        {
            await QueryTests.DisposeAsync(honest);
        }
    }

    [Fact]
    public async Task A_forged_source_gives_its_owner_no_more_than_the_forger_sends()
    {
        const int PerSecond = 300;
        const int Seconds = 60;
        Socket raw;
        try
        {
            raw = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw);
            raw.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
        }
        catch (SocketException exception)
        {
            Assert.Skip($"bar 15 needs the right to a raw socket: {exception.Message}");
            return;
        }

        using Socket forger = raw;
        await using NodeUnderTest node = await NodeUnderTest.StartAsync();
        await using Stranger victim = new() { IsSilent = true };
        byte[] hash = RandomNumberGenerator.GetBytes(20);
        List<Stranger> announcers = [.. Enumerable.Range(0, 100).Select(_ => new Stranger())];
        await Task.WhenAll(announcers.Select(announcer => announcer.ProveAsync(node.Endpoint)));
        foreach (Stranger announcer in announcers)
        {
            await QueryTests.AnnounceAsync(announcer, node.Endpoint, hash);
        }

        await QueryTests.DisposeAsync(announcers);
        byte[] query = victim.Query("get_peers", victim.WithId([("info_hash", hash)]), "aaaa"u8.ToArray());
        byte[] datagram = Forge(victim.Endpoint, node.Endpoint, query);
        for (int i = 0; i < 10; i++)
        {
            forger.SendTo(datagram, node.Endpoint);
        }

        await Task.Delay(500, Cancellation);
        long before = victim.BytesReceived;
        before.ShouldBeGreaterThan(0, "the forged datagrams arrive");
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < PerSecond * Seconds; i++)
        {
            forger.SendTo(datagram, node.Endpoint);
            if ((double)i / PerSecond > clock.Elapsed.TotalSeconds)
            {
                await Task.Delay(5, Cancellation);
            }
        }

        await Task.Delay(500, Cancellation);
        double ratio = (double)(victim.BytesReceived - before) / (PerSecond * Seconds * query.Length);
        Report($"bar 15: {before} bytes for the first ten, then out/in {ratio:0.000} in {clock.Elapsed.TotalSeconds:0} s, {victim.Queries.Count} pings");
        ratio.ShouldBeLessThanOrEqualTo(1.0);
    }

    // RFC 791 and 768; the kernel fills in the checksum of the header, and over IPv4 that of UDP may be 0.
    private static byte[] Forge(IPEndPoint from, IPEndPoint to, byte[] payload)
    {
        byte[] header = new byte[28];
        header[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(28 + payload.Length));
        header[8] = 64;
        header[9] = 17;
        from.Address.GetAddressBytes().CopyTo(header, 12);
        to.Address.GetAddressBytes().CopyTo(header, 16);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(20), (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(22), (ushort)to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(24), (ushort)(8 + payload.Length));
        return [.. header, .. payload];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thousand_addresses_with_a_query_a_second_each_are_served(bool readOnly)
    {
        const int Askers = 1_000;
        int seconds = readOnly ? 10 : 60;
        await using NodeUnderTest node = await NodeUnderTest.StartAsync();
        List<Stranger> askers = [.. Enumerable.Range(0, Askers).Select(i => new Stranger($"127.20.{i / 250}.{1 + (i % 250)}"))];
        try
        {
            ConcurrentBag<double> times = [];
            int silent = 0;
            TimeSpan processor = node.ProcessorTime;
            Stopwatch clock = Stopwatch.StartNew();
            await Task.WhenAll(askers.Select((asker, i) => Task.Run(
                async () =>
                {
                    Random chance = new(i);
                    for (int second = 0; second < seconds; second++)
                    {
                        // Read-only askers are never pinged and so never proved: they keep to ten a minute.
                        double at = second + ((double)i / Askers);
                        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, at - clock.Elapsed.TotalSeconds)), Cancellation);
                        byte[] target = new byte[20];
                        chance.NextBytes(target);
                        byte[] transaction = BitConverter.GetBytes(second);
                        string method = (second % 3) switch { 0 => "ping", 1 => "find_node", _ => "get_peers" };
                        (string, object)[] arguments = asker.WithId([(method == "get_peers" ? "info_hash" : "target", target)]);
                        byte[] query = asker.Query(method, arguments, transaction, readOnly ? [("ro", 1)] : []);
                        long began = Stopwatch.GetTimestamp();
                        if (await asker.TrySendAsync(node.Endpoint, query, transaction, TimeSpan.FromSeconds(5)) is null)
                        {
                            Interlocked.Increment(ref silent);
                        }
                        else
                        {
                            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                        }
                    }
                },
                Cancellation)));
            double[] sorted = [.. times.Order()];
            double share = (node.ProcessorTime - processor) / clock.Elapsed;
            double answered = (double)sorted.Length / (Askers * seconds);
            double p99 = sorted[sorted.Length * 99 / 100];
            Report($"bar 52{(readOnly ? " (ro)" : "")}: {answered:P2} answered, p50 {sorted[sorted.Length / 2]:0.00} ms, p99 {p99:0.00} ms, processor {share:P1} of a core, resident {node.ResidentBytes >> 20} MiB");
            answered.ShouldBeGreaterThanOrEqualTo(0.99);
            p99.ShouldBeLessThanOrEqualTo(50);
            share.ShouldBeLessThanOrEqualTo(0.6);
            (node.ResidentBytes >> 20).ShouldBeLessThanOrEqualTo(150);
        }
        finally
        {
            await QueryTests.DisposeAsync(askers);
        }
    }

    [Fact]
    public async Task A_minute_at_500_queries_a_second_leaks_nothing()
    {
        const int Askers = 50;
        await using NodeUnderTest node = await NodeUnderTest.StartAsync("--diversity", "off", "--no-limits");
        List<Stranger> askers = [.. Enumerable.Range(0, Askers).Select(_ => new Stranger())];
        try
        {
            byte[][] targets = [.. Enumerable.Range(0, 200).Select(_ => RandomNumberGenerator.GetBytes(20))];
            long memory = 0;
            long threads = 0;
            int descriptors = 0;
            Stopwatch clock = Stopwatch.StartNew();
            for (int tick = 0; tick < 600; tick++)
            {
                foreach (Stranger asker in askers)
                {
                    byte[] target = targets[(tick + asker.Endpoint.Port) % targets.Length];
                    asker.Send(asker.Query(tick % 2 == 0 ? "find_node" : "get_peers", asker.WithId([("info_hash", target), ("target", target)]), "aaaa"u8.ToArray()), node.Endpoint);
                    asker.Unasked.Clear();
                }

                if (tick == 150)
                {
                    (memory, threads, descriptors) = (node.ResidentBytes, node.Threads, node.Descriptors);
                }

                await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, ((tick + 1) / 10d) - clock.Elapsed.TotalSeconds)), Cancellation);
            }

            long grown = node.ResidentBytes - memory;
            Report($"bar 34, a minute: resident {memory / 1024} to {node.ResidentBytes / 1024} KiB, threads {threads} to {node.Threads}, descriptors {descriptors} to {node.Descriptors}");
            node.Descriptors.ShouldBeLessThanOrEqualTo(descriptors);
            node.Threads.ShouldBeLessThanOrEqualTo(threads + 8, "the runtime's pool breathes, but does not grow");
            grown.ShouldBeLessThan(8L << 20);
        }
        finally
        {
            await QueryTests.DisposeAsync(askers);
        }
    }

    [Fact]
    public async Task A_full_disk_is_answered_with_202_and_passes()
    {
        using TemporaryDirectory directory = new();
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.Path) == 0, "bar 39 needs the right to mount a tmpfs");
        try
        {
            await using NodeUnderTest node = await NodeUnderTest.StartAsync("--store", $"sqlite:{directory.File("store.sqlite")}", "--no-limits");
            await using Stranger stranger = new();
            string filler = directory.File("filler");
            byte[] kept = Bencoded.Of("kept");
            (await PutAsync(stranger, node, kept)).ShouldBe(0);
            Fill(filler);
            int refused = 0;
            for (int i = 0; i < 600 && refused < 3; i++)
            {
                int code = await PutAsync(stranger, node, Bencoded.Of($"{i}{new string('x', 900)}"));
                code.ShouldBeOneOf(0, 202);
                refused += code == 202 ? 1 : 0;
                (await stranger.AskAsync(node.Endpoint, "ping")).Code.ShouldBe(0);
            }

            refused.ShouldBe(3, "the disk is full");
            (await stranger.AskAsync(node.Endpoint, "get", ("target", SHA1.HashData(kept)))).Values["v"].Encoding.ShouldBe(kept);
            File.Delete(filler);
            long began = Stopwatch.GetTimestamp();
            byte[] again = Bencoded.Of("again");
            while (await PutAsync(stranger, node, again) != 0)
            {
                Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(5);
                await Task.Delay(100, Cancellation);
            }

            Report($"bar 39, full disk: back after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms; said: {string.Join(" | ", node.Lines)}");
            await node.TerminateAsync();
            node.ExitCode.ShouldBe(0);
        }
        finally
        {
            _ = Run("umount", directory.Path);
        }
    }

    private static void Fill(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            while (true)
            {
                file.Write(new byte[4_096]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<int> PutAsync(Stranger stranger, NodeUnderTest node, byte[] value)
    {
        byte[] token = (await stranger.AskAsync(node.Endpoint, "get", ("target", SHA1.HashData(value)))).Values["token"].Bytes;
        return (await stranger.AskAsync(node.Endpoint, "put", ("token", token), ("v", new Raw(value)))).Code;
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
