using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Daemon.Tests;

/// <summary>Requests that are too long, too many, or never end: each is refused, and the next honest one is served.</summary>
public sealed class HostileHttpTests : IAsyncLifetime
{
    private DaemonNode _node = null!;

    [Theory]
    [InlineData("POST /api/v0/version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2147483648\r\n\r\n", 200)]
    [InlineData("POST /api/v0/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 2147483648\r\n\r\n", 413)]
    [InlineData("POST /api/v0/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data\r\nContent-Length: 0\r\n\r\n", 400)]
    [InlineData("POST /api/v0/version HTTP/1.1\r\n\r\n", 400)]
    [InlineData("POST /api/v0/version HTTP/1.0\r\n\r\n", 400)]
    [InlineData("POST /api/v0/version HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("POST /../api/v0/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)]
    [InlineData("\0\u0001\u0002 / HTTP/1.1\r\n\r\n", 400)]
    public async Task What_is_wrong_is_refused(string request, int status)
    {
        using TcpClient client = await ConnectAsync();
        (await TalkAsync(client, request)).ShouldStartWith($"HTTP/1.1 {status} ");
        (await _node.CallAsync("version")).ShouldBeOk();
    }

    [Fact]
    public async Task A_head_of_200_kB_is_refused()
    {
        using TcpClient client = await ConnectAsync();
        string head = $"POST /api/v0/version HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 200_000)}\r\n\r\n";
        try
        {
            (await TalkAsync(client, head)).ShouldStartWith("HTTP/1.1 431 ");
        }
        catch (IOException)
        {
            // The connection may be closed before all of it was sent.
        }

        (await _node.CallAsync("version")).ShouldBeOk();
    }

    [Fact]
    public async Task Four_hundred_half_sent_heads_keep_nobody_out()
    {
        List<TcpClient> slow = [];
        try
        {
            for (int opened = 0; opened < 400; opened++)
            {
                TcpClient client = await ConnectAsync();
                slow.Add(client);
                await client.GetStream().WriteAsync("POST /api/v0/id HTT"u8.ToArray(), TestContext.Current.CancellationToken);
            }

            (await _node.CallAsync("version")).ShouldBeOk();

            // Each is closed, with a word or without: a read ends.
            foreach (TcpClient client in slow)
            {
                await ReadToEndAsync(client);
            }
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Three_hundred_at_once_are_all_answered()
    {
        RpcAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => _node.CallAsync("id")));
        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_file_that_is_too_long_is_refused_and_not_kept()
    {
        RpcAnswer answer = await _node.CallAsync("block/put", new byte[(2 << 20) + 1]);
        answer.ShouldFail("at most 2097152 bytes", HttpStatusCode.RequestEntityTooLarge);
        (await _node.CallAsync($"dht/put?arg=/ipns/{_node.Id}", new byte[(64 << 10) + 1])).ShouldFail("at most 65536 bytes", HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--x\r\n")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno end")]
    [InlineData("no boundary at all")]
    public async Task A_malformed_body_is_the_clients_mistake_or_empty(string body)
    {
        using StringContent content = new(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x").ShouldBeTrue();
        using HttpResponseMessage response = await _node.Client.PostAsync("/api/v0/block/put", content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    public async ValueTask InitializeAsync() => _node = await DaemonNode.StartAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private async Task<TcpClient> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(_node.Daemon.Api!, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<string> TalkAsync(TcpClient client, string request)
    {
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        byte[] buffer = new byte[256];
        int length = await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(buffer, 0, length);
    }

    private static async Task ReadToEndAsync(TcpClient client)
    {
        byte[] buffer = new byte[1024];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset is closed as well.
        }
    }
}
