using System.Net;

namespace Kadstone.Daemon.Tests;

/// <summary>Pages of the web and names that were bound to our address stay outside of the API.</summary>
public sealed class ApiGuardTests : IAsyncLifetime
{
    private DaemonNode _node = null!;

    public static TheoryData<string, string> Foreign => new()
    {
        { "Origin", "http://evil.example" },
        { "Origin", "null" },
        { "Origin", "http://127.0.0.1:1" },
        { "Origin", "http://localhost.evil.example" },
        { "Referer", "http://evil.example/page" },
        { "Referer", "no address" },
        { "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)" },
        { "Sec-Fetch-Site", "cross-site" },
        { "Host", "evil.example" },
        { "Host", "evil.example:5001" },
        { "Host", "127.0.0.1.evil.example" },
        { "Host", "192.0.2.1" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task A_stranger_is_refused_whatever_the_method(string header, string value)
    {
        foreach ((HttpMethod method, string path) in (IEnumerable<(HttpMethod, string)>)
            [(HttpMethod.Post, "/api/v0/id"), (HttpMethod.Get, "/api/v0/id"), (HttpMethod.Options, "/api/v0/id"), (HttpMethod.Get, $"/routing/v1/peers/{_node.Id}")])
        {
            using HttpRequestMessage request = new(method, path);
            request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
            using HttpResponseMessage response = await _node.Client.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
            response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        }
    }

    /// <summary>What a page of another site can send without asking first, and what a name that was bound to our address can, whatever secrets a browser adds.</summary>
    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Host", "evil.example:5001")]
    public async Task A_stranger_is_refused_with_every_secret_as_well(string header, string value)
    {
        await using DaemonNode node = await DaemonNode.StartAsync(options => options with { Token = "a-token-of-some-length" });
        foreach (string method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE" })
        {
            foreach (string type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
            {
                using HttpRequestMessage request = new(new HttpMethod(method), "/api/v0/key/gen?arg=stolen");
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer a-token-of-some-length");
                request.Headers.TryAddWithoutValidation("Cookie", "token=a-token-of-some-length; session=1");
                request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
                if (method is "POST" or "PUT" or "PATCH")
                {
                    request.Content = new StringContent("");
                    request.Content.Headers.Remove("Content-Type");
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                }

                using HttpResponseMessage response = await node.Client.SendAsync(request, TestContext.Current.CancellationToken);
                response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{method} {type}");
                response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
            }
        }
    }

    [Fact]
    public async Task No_GET_of_any_command_changes_anything()
    {
        foreach (string call in (string[])
            ["dht/provide?arg=bafkqaaa", "dht/put?arg=/ipns/x", "routing/provide?arg=bafkqaaa", "add", "block/put", "object/new", "name/publish?arg=/ipfs/bafkqaaa", "key/gen?arg=a", "key/rm?arg=a",
             "swarm/connect?arg=/ip4/127.0.0.1/tcp/1", $"swarm/disconnect?arg=/p2p/{_node.Id}", "id", "bootstrap"])
        {
            using HttpResponseMessage response = await _node.Client.GetAsync($"/api/v0/{call}", TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed, call);
        }

        (await _node.CallAsync("key/list")).Object.GetProperty("Keys").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Its_own_page_and_plain_programs_are_let_in()
    {
        string own = $"http://{_node.Daemon.Api}";
        foreach ((string header, string value) in (IEnumerable<(string, string)>)
            [("Origin", own), ("Origin", own.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)), ("Referer", own + "/page"), ("Host", "localhost"), ("User-Agent", "node")])
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/v0/version");
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage response = await _node.Client.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, $"{header}: {value}");
        }
    }

    [Fact]
    public async Task A_GET_changes_nothing_and_says_what_is_allowed()
    {
        using HttpResponseMessage response = await _node.Client.GetAsync("/api/v0/key/gen?arg=blog", TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.ShouldBe(["POST", "OPTIONS"]);
        (await _node.CallAsync("key/list")).Object.GetProperty("Keys").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Answers_cannot_be_framed_sniffed_or_run()
    {
        using HttpResponseMessage response = await _node.Client.PostAsync("/api/v0/version", null, TestContext.Current.CancellationToken);
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        response.Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"]);
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'none'");
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        response.Headers.Contains("Server").ShouldBeFalse();
    }

    [Theory]
    [InlineData("/api/v0/frobnicate")]
    [InlineData("/api/v0/")]
    [InlineData("/api/v0/id/")]
    [InlineData("/")]
    [InlineData("/etc/passwd")]
    public async Task What_is_not_there_is_404(string path)
    {
        using HttpResponseMessage response = await _node.Client.PostAsync(path, null, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("404 page not found\n");
    }

    [Fact]
    public async Task A_page_and_a_name_that_the_options_name_are_let_in_and_the_page_may_read()
    {
        await using DaemonNode node = await DaemonNode.StartAsync(options => options with { AllowedOrigins = ["http://page.example"], AllowedHosts = ["node.example"], Token = "a-token-of-some-length" });
        using HttpRequestMessage preflight = Request(HttpMethod.Options, "http://page.example");
        using HttpResponseMessage allowed = await node.Client.SendAsync(preflight, TestContext.Current.CancellationToken);
        allowed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        allowed.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["http://page.example"]);

        using HttpRequestMessage call = Request(HttpMethod.Post, "http://page.example");
        call.Headers.TryAddWithoutValidation("Authorization", "Bearer a-token-of-some-length");
        call.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "cross-site");
        using HttpResponseMessage answer = await node.Client.SendAsync(call, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["http://page.example"]);

        using HttpRequestMessage other = Request(HttpMethod.Options, "http://other.example");
        using HttpResponseMessage refused = await node.Client.SendAsync(other, TestContext.Current.CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        refused.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();

        static HttpRequestMessage Request(HttpMethod method, string origin)
        {
            HttpRequestMessage request = new(method, "/api/v0/version");
            request.Headers.Host = "node.example:5001";
            request.Headers.TryAddWithoutValidation("Origin", origin);
            return request;
        }
    }

    [Fact]
    public async Task With_a_token_nobody_is_let_in_without_it()
    {
        await using DaemonNode node = await DaemonNode.StartAsync(options => options with { Token = "a-token-of-some-length" });
        (await AskAsync(null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync("Bearer another")).ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync("Basic a-token-of-some-length")).ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync("Bearer a-token-of-some-length")).ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> AskAsync(string? authorization)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/v0/version");
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using HttpResponseMessage response = await node.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("192.0.2.1")]
    [InlineData("::")]
    public async Task An_API_that_others_reach_needs_a_token(string address)
    {
        ArgumentException refused = await Should.ThrowAsync<ArgumentException>(
            () => DaemonNode.StartAsync(options => options with { Api = new IPEndPoint(IPAddress.Parse(address), 0) }));
        refused.ParamName.ShouldBe("Api");
        refused.Message.ShouldContain("token");
    }

    public async ValueTask InitializeAsync() => _node = await DaemonNode.StartAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
