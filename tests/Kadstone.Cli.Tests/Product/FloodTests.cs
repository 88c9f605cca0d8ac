using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

/// <summary>Bar 14 at a daemon as people run it, with the smallest budget there is.</summary>
public sealed class FloodTests
{
    private const int Flood = 3_000;
    private const double FloodSeconds = 1.7;
    private const int Pings = 30;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_from_one_stranger_leaves_the_pings_of_others_and_our_own_lookups_answered()
    {
        using TemporaryFolder folder = new();
        await using DhtRun up = DhtRun.Start("up", "--devnet", "--nodes", "5", "--networks", "mainline", "--profile", "laptop", "--data", folder["data"]);
        string own = (await up.Output.WaitForAsync(line => line.StartsWith("mainline: this node listening on ", StringComparison.Ordinal))).Split(' ')[^1];
        await up.Output.WaitForAsync(line => line.StartsWith("ready:", StringComparison.Ordinal));
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder["data"], "daemon.json"), Cancelled));
        string api = file.RootElement.GetProperty("api").GetString()!;

        using Socket flooder = Stranger("127.66.0.1");
        flooder.Connect(IPEndPoint.Parse(own));
        Socket[] honest = [.. Enumerable.Range(1, Pings).Select(i => Stranger($"127.67.{i}.1"))];
        Task<int>[] answers = new Task<int>[Pings];
        Task<string>? lookup = null;
        using HttpClient client = new();
        byte[] query = Query("d1:ad2:id20:flooding flooding fl9:info_hash20:aaaaaaaaaaaaaaaaaaaae1:q9:get_peers1:t2:aa1:y1:qe");
        byte[] ping = Query("d1:ad2:id20:honest honest honeste1:q4:ping1:t2:pi1:y1:qe");
        try
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < Flood; i++)
            {
                SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(began).TotalSeconds >= FloodSeconds * i / Flood);
                flooder.Send(query);
                if (i % (Flood / Pings) == 0)
                {
                    int number = i / (Flood / Pings);
                    await honest[number].SendToAsync(ping, IPEndPoint.Parse(own));
                    answers[number] = PongAsync(honest[number]);
                }

                if (i == Flood / 2)
                {
                    lookup = client.GetStringAsync(new Uri($"{api}/v1/mainline/peers/{new string('5', 40)}"), Cancelled);
                }
            }

            // The bytes that came back lie in the socket's buffer: fewer than it holds.
            int[] milliseconds = await Task.WhenAll(answers);
            int bytesOut = 0;
            byte[] buffer = new byte[2048];
            while (flooder.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead))
            {
                bytesOut += flooder.Receive(buffer);
            }

            milliseconds.Count(time => time >= 0).ShouldBeGreaterThanOrEqualTo(29, string.Join(' ', milliseconds));
            bytesOut.ShouldBeGreaterThan(0);
            bytesOut.ShouldBeLessThanOrEqualTo(Flood * query.Length);
            (await lookup!).ShouldContain("\"done\":true");
            using JsonDocument status = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{api}/v1/status"), Cancelled));
            JsonElement mainline = status.RootElement.GetProperty("networks")[0];
            mainline.GetProperty("traffic").GetProperty("dropped").GetProperty("limited").GetInt64().ShouldBeGreaterThan(Flood / 2);
            mainline.GetProperty("level").GetString().ShouldNotBe("fail");
        }
        finally
        {
            Array.ForEach(honest, socket => socket.Dispose());
        }

        (await up.InterruptAsync()).ShouldBe(0);
    }

    private static byte[] Query(string text) => Encoding.Latin1.GetBytes(text);

    private static Socket Stranger(string address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return socket;
    }

    /// <summary>The milliseconds until the answer to a ping came; -1 when none did. What else comes is the node's own ping.</summary>
    private static async Task<int> PongAsync(Socket socket)
    {
        long began = Stopwatch.GetTimestamp();
        byte[] buffer = new byte[2048];
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(TimeSpan.FromSeconds(2.5));
        try
        {
            int length;
            do
            {
                length = await socket.ReceiveAsync(buffer, patience.Token);
            }
            while (!Encoding.Latin1.GetString(buffer, 0, length).Contains("1:t2:pi1:y1:r", StringComparison.Ordinal) && !Encoding.Latin1.GetString(buffer, 0, length).Contains("1:y1:re", StringComparison.Ordinal));
            return (int)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested)
        {
            return -1;
        }
    }
}
