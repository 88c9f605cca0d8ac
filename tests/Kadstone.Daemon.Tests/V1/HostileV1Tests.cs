using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Kadstone.Hosting;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Strangers' pages, wrong hands and wrong bytes: each is refused in one sentence, and the next honest request is served.</summary>
[Collection(nameof(V1Network))]
public sealed class HostileV1Tests(V1Network network)
{
    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost.evil.example")]
    [InlineData("Referer", "http://evil.example/page")]
    [InlineData("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "192.0.2.1")]
    public async Task A_stranger_is_refused_on_every_route(string header, string value)
    {
        foreach ((HttpMethod method, string path) in (IEnumerable<(HttpMethod, string)>)
            [
                (HttpMethod.Get, "/v1/status"), (HttpMethod.Get, "/v1/events"), (HttpMethod.Get, "/v1/records"), (HttpMethod.Get, "/v1/lookups"), (HttpMethod.Get, "/v1/devnet"),
                (HttpMethod.Post, "/v1/mainline/announcements"), (HttpMethod.Put, "/v1/mainline/values"), (HttpMethod.Delete, "/v1/publications/x"), (HttpMethod.Options, "/v1/status"),
            ])
        {
            using HttpRequestMessage request = new(method, path);
            request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
            (await network.SendAsync(request)).ShouldFail(HttpStatusCode.Forbidden, "may not use the API");
        }

        using HttpRequestMessage metrics = new(HttpMethod.Get, "/metrics");
        metrics.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
        (await network.SendAsync(metrics)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task With_a_token_the_page_alone_is_free_and_all_else_asks_for_it()
    {
        KadstoneOptions options = network.Options();
        options.Hyperswarm = null;
        options.Ipfs = null;
        options.Mainline = options.Mainline! with { Addresses = [IPAddress.Parse("127.78.12.1")] };
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled);
        await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(
            node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0), Token = "secret" }, cancellationToken: V1Network.Cancelled);
        using HttpClient client = V1Network.ClientOf(daemon);
        (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/"), client)).Status.ShouldBe(HttpStatusCode.OK);
        foreach (string path in (string[])["/v1/status", "/v1/events", "/v1/nothing"])
        {
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), client)).ShouldFail(HttpStatusCode.Unauthorized, "token");
            using HttpRequestMessage wrong = new(HttpMethod.Get, path);
            wrong.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "secreT");
            (await network.SendAsync(wrong, client)).ShouldFail(HttpStatusCode.Unauthorized, "token");
        }

        foreach (string path in (string[])["/metrics", "/health/live", "/openapi/v1.json"])
        {
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), client)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using HttpRequestMessage right = new(HttpMethod.Get, "/v1/lookups");
        right.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        (await network.SendAsync(right, client)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_gateway_knows_nothing_of_the_API()
    {
        using HttpClient client = new() { BaseAddress = new Uri($"http://{network.Daemon.Gateway}") };
        foreach (string path in (string[])["/v1/status", "/v1/records", "/metrics", "/health/live", "/", "/openapi/v1.json"])
        {
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), client)).Status.ShouldBe(HttpStatusCode.NotFound, path);
        }
    }

    [Theory]
    [InlineData("""{"key":"00"}""", 400, "40 hexadecimal digits")]
    [InlineData("""{"key":null}""", 400, "40 hexadecimal digits")]
    [InlineData("""{}""", 400, "40 hexadecimal digits")]
    [InlineData("""{"key":"0123456789012345678901234567890123456789","port":0}""", 400, "1 to 65535")]
    [InlineData("""{"key":"0123456789012345678901234567890123456789","port":65536}""", 400, "1 to 65535")]
    [InlineData("""{"key":"0123456789012345678901234567890123456789","port":"80"}""", 400, "port")]
    [InlineData("""{"key":"0123456789012345678901234567890123456789","prot":80}""", 400, "JSON")]
    [InlineData("""{"key":"0123456789012345678901234567890123456789","keep":"yes"}""", 400, "keep")]
    [InlineData("""null""", 400, "null")]
    [InlineData("""[]""", 400, "JSON")]
    [InlineData("""{"key":""", 400, "JSON")]
    [InlineData("", 400, "JSON")]
    public async Task A_body_that_is_wrong_is_the_callers_mistake(string body, int status, string part) =>
        (await network.PostAsync("/v1/mainline/announcements", body)).ShouldFail((HttpStatusCode)status, part);

    [Theory]
    [InlineData("""{"text":"x"}""", "kind")]
    [InlineData("""{"kind":"immutable"}""", "text and value")]
    [InlineData("""{"kind":"immutable","text":"x","value":"eA=="}""", "text and value")]
    [InlineData("""{"kind":"immutable","value":"?"}""", "base64")]
    [InlineData("""{"kind":"immutable","text":"x","salt":"s"}""", "immutable")]
    [InlineData("""{"kind":"mutable","text":"x","key":"other"}""", "self")]
    [InlineData("""{"kind":"mutable","text":"x","sequence":-1}""", "sequence")]
    public async Task A_value_that_cannot_be_is_refused(string body, string part) => (await network.PutAsync("/v1/mainline/values", body)).ShouldFail(HttpStatusCode.BadRequest, part);

    [Fact]
    public async Task A_value_that_is_too_long_for_its_network_is_refused()
    {
        foreach (string name in (string[])["mainline", "hyperswarm"])
        {
            (await network.PutAsync($"/v1/{name}/values", $$"""{"kind":"immutable","text":"{{new string('x', 2000)}}"}""")).ShouldFail(HttpStatusCode.BadRequest, "bytes");
        }

        (await network.PutAsync("/v1/ipfs/values", """{"kind":"mutable","text":"no path"}""")).ShouldFail(HttpStatusCode.BadRequest, "/ipfs/CID");
        (await network.PutAsync("/v1/ipfs/values", """{"kind":"immutable","text":"x"}""")).ShouldFail(HttpStatusCode.BadRequest, "immutable");
        (await network.PostAsync("/v1/ipfs/announcements", """{"key":"bafkqaaa","port":80}""")).ShouldFail(HttpStatusCode.BadRequest, "port");
    }

    [Fact]
    public async Task A_body_is_read_to_its_bound_and_no_further()
    {
        (await network.PostAsync("/v1/mainline/announcements", $$"""{"key":"{{new string('0', 200_000)}}"}""")).ShouldFail(HttpStatusCode.RequestEntityTooLarge, "98304 bytes");
        using HttpRequestMessage chunked = new(HttpMethod.Post, "/v1/mainline/announcements") { Content = StatusTests.Json(new string('[', 200_000)) };
        chunked.Headers.TransferEncodingChunked = true;
        (await network.SendAsync(chunked)).ShouldFail(HttpStatusCode.RequestEntityTooLarge, "98304 bytes");
        (await network.PostAsync("/v1/mainline/announcements", new string('[', 90_000))).ShouldFail(HttpStatusCode.BadRequest, "JSON");
        using HttpRequestMessage form = new(HttpMethod.Post, "/v1/mainline/announcements") { Content = new StringContent("key=0", Encoding.UTF8, "application/x-www-form-urlencoded") };
        (await network.SendAsync(form)).ShouldFail(HttpStatusCode.UnsupportedMediaType, "application/json");
    }

    [Theory]
    [InlineData("GET", "/v1", 404)]
    [InlineData("GET", "/v1/", 404)]
    [InlineData("GET", "/v1/nothing", 404)]
    [InlineData("GET", "/v1/gnutella/peers/00", 404)]
    [InlineData("GET", "/v1/networks/gnutella/table", 404)]
    [InlineData("GET", "/v1/mainline/peers/zz", 400)]
    [InlineData("GET", "/v1/hyperswarm/peers/0123456789012345678901234567890123456789", 400)]
    [InlineData("GET", "/v1/ipfs/peers/notacid", 400)]
    [InlineData("GET", "/v1/mainline/peers/%0A%0D", 400)]
    [InlineData("GET", "/v1/lookups/..%2f..%2fetc%2fpasswd", 404)]
    [InlineData("GET", "/v1/lookups/-1", 404)]
    [InlineData("GET", "/v1/status?x=1", 400)]
    [InlineData("POST", "/v1/status", 405)]
    [InlineData("DELETE", "/v1/records", 405)]
    [InlineData("GET", "/v1/devnet/nodes", 405)]
    [InlineData("PATCH", "/v1/publications/x", 405)]
    [InlineData("DELETE", "/v1/publications/%3Cscript%3E", 404)]
    public async Task What_is_not_there_or_not_allowed_is_said_in_a_sentence(string method, string path, int status)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        (await network.SendAsync(request)).ShouldFail((HttpStatusCode)status, "");
    }

    [Theory]
    [InlineData("GET /v1/status HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    [InlineData("POST /v1/mainline/announcements HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n", 413)]
    [InlineData("POST /v1/mainline/announcements HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    [InlineData("\0\u0001\u0002 /v1 HTTP/1.1\r\n\r\n", 400)]
    public async Task Bytes_that_are_no_request_are_refused_and_the_next_is_served(string request, int status)
    {
        using TcpClient client = new();
        await client.ConnectAsync(network.Daemon.Api!, V1Network.Cancelled);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), V1Network.Cancelled);
        byte[] buffer = new byte[256];
        int length = await client.GetStream().ReadAsync(buffer, V1Network.Cancelled);
        Encoding.Latin1.GetString(buffer, 0, length).ShouldStartWith($"HTTP/1.1 {status} ");
        (await network.GetAsync("/health/live")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Three_hundred_at_once_are_all_answered()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => network.GetAsync("/v1/status")));
        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_reader_who_leaves_in_the_middle_of_events_leaves_room_for_others()
    {
        for (int n = 0; n < 100; n++)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/v1/events");
            using HttpResponseMessage response = await network.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, V1Network.Cancelled);

            // Whoever left is noticed a moment later, so that for a while there may be no room.
            response.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable);
        }

        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using HttpResponseMessage last = await network.Client.GetAsync("/v1/events", HttpCompletionOption.ResponseHeadersRead, V1Network.Cancelled);
            if (last.StatusCode == HttpStatusCode.OK)
            {
                break;
            }

            await timer.WaitForNextTickAsync(V1Network.Cancelled);
        }
    }
}
