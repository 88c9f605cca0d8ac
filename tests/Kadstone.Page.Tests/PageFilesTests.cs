using System.Net;
using Kadstone.Daemon.Page;

namespace Kadstone.Page.Tests;

/// <summary>How the page's files are served, without a browser.</summary>
public sealed class PageFilesTests : IAsyncLifetime
{
    private FakeDaemon? _daemon;
    private HttpClient? _client;

    public static TheoryData<string> Paths => [.. new PageFiles().Paths];

    private HttpClient Client => _client.ShouldNotBeNull();

    public async ValueTask InitializeAsync()
    {
        _daemon = await FakeDaemon.StartAsync(new FakeDaemon { Token = "a token" });
        _client = new HttpClient { BaseAddress = new Uri(_daemon.Address) };
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _daemon.ShouldNotBeNull().DisposeAsync();
    }

    [Fact]
    public async Task The_root_is_the_index()
    {
        using HttpResponseMessage root = await GetAsync("");
        using HttpResponseMessage index = await GetAsync("index.html");
        string text = await root.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldContain("<title>Kadstone</title>");
        text.ShouldBe(await index.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_file_is_served_without_a_token_under_the_policy(string path)
    {
        using HttpResponseMessage response = await GetAsync(path[1..]);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldBe(PageFiles.Policy);
        response.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        response.Headers.GetValues("X-Frame-Options").Single().ShouldBe("DENY");
        response.Headers.GetValues("Referrer-Policy").Single().ShouldBe("same-origin");
        response.Headers.GetValues("Cross-Origin-Resource-Policy").Single().ShouldBe("same-origin");
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        response.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe(Path.GetExtension(path) switch
        {
            ".html" => "text/html",
            ".css" => "text/css",
            ".js" => "text/javascript",
            _ => "image/svg+xml",
        });
    }

    [Theory]
    [InlineData("default-src 'none'")]
    [InlineData("script-src 'self'")]
    [InlineData("style-src 'self'")]
    [InlineData("connect-src 'self'")]
    [InlineData("img-src 'self' data:")]
    [InlineData("base-uri 'none'")]
    [InlineData("form-action 'none'")]
    [InlineData("frame-ancestors 'none'")]
    [InlineData("require-trusted-types-for 'script'")]
    public void The_policy_says(string part) => PageFiles.Policy.Split("; ").ShouldContain(part);

    [Fact]
    public void The_policy_allows_nothing_inline() => PageFiles.Policy.ShouldNotContain("unsafe");

    [Fact]
    public async Task A_file_that_a_browser_has_is_not_sent_again()
    {
        using HttpResponseMessage first = await GetAsync("app.js");
        using HttpRequestMessage again = new(HttpMethod.Get, "app.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag.ShouldNotBeNull());
        using HttpResponseMessage second = await Client.SendAsync(again, TestContext.Current.CancellationToken);
        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
        second.Headers.GetValues("Content-Security-Policy").Single().ShouldBe(PageFiles.Policy);
    }

    [Fact]
    public async Task A_HEAD_has_the_length_and_no_body()
    {
        using HttpRequestMessage head = new(HttpMethod.Head, "app.css");
        using HttpResponseMessage response = await Client.SendAsync(head, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentLength.ShouldNotBeNull().ShouldBeGreaterThan(1000);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("POST", "app.js")]
    [InlineData("GET", "v1/status")]
    [InlineData("GET", "App.js")]
    [InlineData("GET", "nothing.js")]
    [InlineData("GET", "lib")]
    [InlineData("GET", "lib/..%2f..%2fPageFiles.cs")]
    [InlineData("GET", "app.js/")]
    public async Task What_is_no_file_of_the_page_is_handed_on_to_the_guard(string method, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
}
