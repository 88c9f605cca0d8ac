using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Alone in the process: what the kernel counts is the node's.</summary>
[CollectionDefinition(nameof(HyperSoakTests), DisableParallelization = true)]
public sealed class HyperSoakCollection;

/// <summary>A soak over real UDP: bent packets from many addresses, and bent answers to what the node asks them.</summary>
/// <remarks>No verb of the command runs a Hyperswarm node yet: it runs in this process, with nothing beside it but the sockets that attack it.</remarks>
[Collection(nameof(HyperSoakTests))]
public sealed class HyperSoakTests
{
    private const int Sources = 200;
    private const long MaxGrowth = 64 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public Task Bent_packets_leave_a_node_as_it_was(bool isFirstGeneration, bool isLimited) => SoakAsync(isFirstGeneration, isLimited, 5_000);

    [Theory, Trait("Category", "Bars")]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public Task Half_a_million_bent_packets_leave_a_node_as_it_was(bool isFirstGeneration, bool isLimited) => SoakAsync(isFirstGeneration, isLimited, 500_000);

    private static async Task SoakAsync(bool isFirstGeneration, bool isLimited, int packets)
    {
        RpcOptions options = new()
        {
            Host = IPAddress.Loopback,
            Scope = AddressScope.Private,
            Ephemeral = false,
            Limits = isLimited ? new RateLimits() : RateLimits.None,
        };
        await using IHyperDht dht = isFirstGeneration
            ? Gen1HyperDht.Create(options)
            : HyperDht.Create(new HyperDhtOptions { Host = options.Host, Scope = options.Scope, Ephemeral = false, Limits = options.Limits });
        await dht.Node.Ready.WaitAsync(Eventually.Guard, Cancellation);
        IPEndPoint to = dht.Node.LocalEndpoint;
        Socket[] sources = [.. Enumerable.Range(0, Sources).Select(i => Open($"127.0.{1 + (i / 100)}.{1 + (i % 100)}"))];
        try
        {
            HyperPackets hostile = HyperPackets.Of(isFirstGeneration, seed: 5);
            await PingAsync(hostile, to, "127.0.9.1");

            // What a node keeps for others has its bounds; it is filled before anything is measured.
            int heard = Attack(hostile, sources, to, packets / 5);
            await PingAsync(hostile, to, "127.0.9.2");
            Measure before = Measure.Now();
            heard += Attack(hostile, sources, to, packets);
            await PingAsync(hostile, to, "127.0.9.3");
            Measure after = Measure.Now();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{(isFirstGeneration ? "first generation" : "today's wire")}, {(isLimited ? "with" : "without")} limits: {packets:N0} packets from {Sources} addresses, {heard:N0} came back; before {before}, after {after}");
            heard.ShouldBeGreaterThan(Sources, "the node took part");
            after.Descriptors.ShouldBeLessThanOrEqualTo(before.Descriptors);
            after.Threads.ShouldBeLessThanOrEqualTo(before.Threads + 4, "the pool may have some more, whatever is sent");
            (after.Bytes - before.Bytes).ShouldBeLessThan(MaxGrowth);
            (after.Resident - before.Resident).ShouldBeLessThan(MaxGrowth);
        }
        finally
        {
            Array.ForEach(sources, source => source.Dispose());
        }
    }

    private static Socket Open(string address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return socket;
    }

    /// <returns>How many datagrams the node sent back.</returns>
    private static int Attack(HyperPackets hostile, Socket[] sources, IPEndPoint to, int packets)
    {
        byte[] buffer = new byte[2_048];
        int heard = 0;
        for (int i = 0; i < packets; i++)
        {
            Socket source = sources[i % sources.Length];
            Send(source, hostile.Next(), to);
            while (source.Available > 0)
            {
                int length = source.Receive(buffer);
                heard++;
                if (hostile.IsRequest(buffer.AsSpan(0, length)))
                {
                    Send(source, hostile.AnswerTo(buffer.AsSpan(0, length)), to);
                }
            }
        }

        return heard;
    }

    private static void Send(Socket source, ReadOnlySpan<byte> packet, IPEndPoint to)
    {
        try
        {
            source.SendTo(packet, to);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            // The node's buffer is full: a lost datagram, as on any day.
        }
    }

    /// <summary>One who was no part of it is answered: asked again until the flood before it has been worked off.</summary>
    private static async Task PingAsync(HyperPackets packets, IPEndPoint to, string address)
    {
        using Socket socket = Open(address);
        byte[] buffer = new byte[2_048];
        using CancellationTokenSource guard = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        guard.CancelAfter(Eventually.Guard);
        for (ushort number = 1; ; number++)
        {
            await socket.SendToAsync(packets.Ping(number), to, guard.Token);
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(guard.Token);
            patience.CancelAfter(TimeSpan.FromSeconds(1));
            try
            {
                while (true)
                {
                    int length = await socket.ReceiveAsync(buffer, patience.Token);
                    if (packets.NumberOfAnswer(buffer.AsSpan(0, length)) is int answered && answered <= number)
                    {
                        return;
                    }
                }
            }
            catch (OperationCanceledException) when (!guard.IsCancellationRequested)
            {
                // Lost in the flood: asked again.
            }
        }
    }

    private sealed record Measure(int Threads, int Descriptors, long Bytes, long Resident)
    {
        internal static Measure Now() => new(
            Directory.GetDirectories("/proc/self/task").Length,
            Directory.GetFileSystemEntries("/proc/self/fd").Length,
            GC.GetTotalMemory(forceFullCollection: true),
            Environment.WorkingSet);

        public override string ToString() => $"{Threads} threads, {Descriptors} descriptors, {Bytes / 1024.0 / 1024:F1} MiB of objects, {Resident >> 20} MiB resident";
    }
}
