using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Daemon.Tests;

/// <summary>Bar 47, by the clock and alone on the machine: what never ends, is too long, too many or too deep, and how an honest request fares meanwhile.</summary>
[Trait("Category", "Bars")]
public sealed class HttpBarTests : IAsyncLifetime
{
    private static readonly TimeSpan s_usual = TimeSpan.FromSeconds(1);

    private DaemonNode _node = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("heads", "POST /api/v0/id HTT")]
    [InlineData("bodies", "POST /api/v0/block/put HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n")]
    public async Task Four_hundred_that_never_send_the_rest(string what, string part)
    {
        List<TcpClient> slow = [];
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < 400; i++)
        {
            slow.Add(await ConnectAsync());
            await slow[^1].GetStream().WriteAsync(Encoding.Latin1.GetBytes(part), Cancelled);
        }

        TimeSpan honest = await HonestAsync();
        await Task.WhenAll(slow.Select(ReadToEndAsync)).WaitAsync(TimeSpan.FromMinutes(2), Cancelled);
        Report($"400 half-sent {what}: an honest request took {honest.TotalMilliseconds:F0} ms, the last was closed after {clock.Elapsed.TotalSeconds:F1} s");
        slow.ForEach(client => client.Dispose());
        honest.ShouldBeLessThan(s_usual);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(35));
    }

    [Fact]
    public async Task Two_gigabytes_that_do_come()
    {
        using TcpClient client = await ConnectAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /api/v0/block/put HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), Cancelled);
        byte[] head = "5b\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: text/plain\r\n\r\n\r\n"u8.ToArray();
        byte[] chunk = [.. "100000\r\n"u8, .. new byte[1 << 20], .. "\r\n"u8];
        long before = GC.GetTotalMemory(true);
        long sent = 0;
        try
        {
            await stream.WriteAsync(head, Cancelled);
            for (; sent < 2L << 30; sent += 1 << 20)
            {
                await stream.WriteAsync(chunk, Cancelled);
            }
        }
        catch (IOException)
        {
            // Closed in the midst of it, as it should be.
        }

        TimeSpan honest = await HonestAsync();
        long growth = GC.GetTotalMemory(true) - before;
        Report($"a body of 2 GB: {sent >> 20} MiB went out before it was closed, {growth / 1024} KiB kept, an honest request took {honest.TotalMilliseconds:F0} ms");
        sent.ShouldBeLessThan(256L << 20);
        growth.ShouldBeLessThan(16L << 20);
        honest.ShouldBeLessThan(s_usual);
    }

    [Fact]
    public async Task Three_hundred_at_once_and_long_heads_among_them()
    {
        Stopwatch clock = Stopwatch.StartNew();
        Task<RpcAnswer[]> many = Task.WhenAll(Enumerable.Range(0, 300).Select(_ => _node.CallAsync("id")));
        Task[] heads = [.. Enumerable.Range(0, 20).Select(_ => LongHeadAsync())];
        TimeSpan honest = await HonestAsync();
        RpcAnswer[] answers = await many;
        await Task.WhenAll(heads);
        Report($"300 at once and 20 heads of 200 kB: all answered after {clock.Elapsed.TotalMilliseconds:F0} ms, an honest request took {honest.TotalMilliseconds:F0} ms");
        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        honest.ShouldBeLessThan(s_usual);

        async Task LongHeadAsync()
        {
            using TcpClient client = await ConnectAsync();
            try
            {
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"POST /api/v0/id HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 200_000)}\r\n\r\n"), Cancelled);
            }
            catch (IOException)
            {
                // Closed before all of it was sent.
            }

            (await ReadToEndAsync(client)).ShouldNotContain("HTTP/1.1 5");
        }
    }

    public async ValueTask InitializeAsync()
    {
        _node = await DaemonNode.StartAsync();
        (await _node.CallAsync("version")).ShouldBeOk();
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private async Task<TimeSpan> HonestAsync()
    {
        Stopwatch clock = Stopwatch.StartNew();
        (await _node.CallAsync("version")).ShouldBeOk();
        return clock.Elapsed;
    }

    private async Task<TcpClient> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(_node.Daemon.Api!, Cancelled);
        return client;
    }

    private static async Task<string> ReadToEndAsync(TcpClient client)
    {
        StringBuilder heard = new();
        byte[] buffer = new byte[1024];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, Cancelled) is int count and > 0)
            {
                heard.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // Reset is closed as well.
        }

        return heard.ToString();
    }

    private static void Report(string text) => TestContext.Current.TestOutputHelper?.WriteLine($"bar 47, {text}");
}
