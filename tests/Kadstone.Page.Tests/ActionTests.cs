using System.Text.Json;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>What the page lets its reader do, and what it then asks of the daemon.</summary>
public sealed class ActionTests(Chromium chromium)
{
    [Fact]
    public async Task Records_are_asked_for_a_screen_at_a_time()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "records");
        await tab.SeeAsync("100,000");
        (await tab.Page.Locator("tbody tr").CountAsync()).ShouldBe(25);
        string first = await tab.TextAsync("tbody tr th");
        await ClickAsync(tab, "On");
        await tab.SeeAsync("Screen 2");
        await tab.Page.WaitForFunctionAsync("before => document.querySelector('tbody tr th').innerText !== before", first);
        (await tab.Page.Locator("tbody tr").CountAsync()).ShouldBe(25);
        await ClickAsync(tab, "Back");
        await tab.Page.WaitForFunctionAsync("before => document.querySelector('tbody tr th').innerText === before", first);
        await tab.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Hyperswarm values" }).ClickAsync();
        await tab.Page.WaitForFunctionAsync("() => [...document.querySelectorAll('tbody tr')].every(row => row.innerText.includes('Hyperswarm values'))");
        daemon.Requests.Where(request => request.Contains("/v1/records", StringComparison.Ordinal)).ShouldAllBe(request => request.Contains("limit=25", StringComparison.Ordinal));
        daemon.Requests.ShouldContain(request => request.Contains("after=25", StringComparison.Ordinal));
        daemon.Requests.ShouldContain(request => request.Contains("shelf=hyperswarm-values", StringComparison.Ordinal));
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_publication_is_checked_and_stopped()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "publications");
        await tab.SeeAsync("17 of 20 nodes took it");
        await tab.Page.Locator("article").Nth(1).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Check" }).ClickAsync();
        await tab.SeeAsync("Found at 8 of 8 nodes.", "#announcer");
        daemon.Requests.ShouldContain("POST /v1/publications/2/check");
        Task<IResponse> stopped = tab.Page.WaitForResponseAsync(response => response.Request.Method == "DELETE");
        await tab.Page.Locator("article").Nth(2).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Stop" }).ClickAsync();
        (await stopped).Url.ShouldEndWith("/v1/publications/3");
    }

    [Fact]
    public async Task Peers_are_shown_as_they_come_with_the_way_to_their_ladder()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "try");
        await tab.Page.GetByText("Hyperswarm", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await tab.Page.GetByLabel("Key").FillAsync("a/b ?#");
        await ClickAsync(tab, "Look up");
        await tab.SeeAsync("5 peers in 812 ms");
        (await tab.Page.Locator("tbody tr").CountAsync()).ShouldBe(5);
        daemon.Requests.ShouldContain(request => request.StartsWith("GET /v1/hyperswarm/peers/a%2Fb%20?", StringComparison.Ordinal) || request.StartsWith("GET /v1/hyperswarm/peers/a%2Fb", StringComparison.Ordinal));
        await tab.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "See its ladder" }).ClickAsync();
        await tab.SeeAsync("Hops against time");
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_announcement_says_who_took_it()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "try/announce");
        await tab.Page.GetByLabel("Key").FillAsync("e5f96f6f38320f0f33959cb4d3d656452117aadb");
        await tab.Page.GetByLabel("Port").FillAsync("6881");
        await ClickAsync(tab, "Announce");
        await tab.SeeAsync("7 of 8 nodes took it, 1 said nothing.");
        JsonElement body = JsonDocument.Parse(daemon.Bodies.Single()).RootElement;
        body.GetProperty("port").GetInt32().ShouldBe(6881);
        body.GetProperty("keep").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_value_is_put_and_got()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "try/put");
        await tab.Page.GetByLabel("Text").FillAsync("hello");
        await ClickAsync(tab, "Put");
        await tab.SeeAsync("8 of 8 nodes took it.");
        JsonDocument.Parse(daemon.Bodies.Single()).RootElement.GetProperty("text").GetString().ShouldBe("hello");
        await tab.GoAsync("try/get");
        await tab.Page.GetByLabel("Key").FillAsync("e5f96f6f38320f0f33959cb4d3d656452117aadb");
        await ClickAsync(tab, "Get");
        await tab.SeeAsync("hello", ".value");
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_devnet_gets_more_nodes_and_fewer()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        await using Tab tab = await chromium.OpenAsync(daemon, "devnet");
        await tab.SeeAsync("127.0.0.1:42000");
        await tab.Page.GetByLabel("Network").SelectOptionAsync("hyperswarm");
        await tab.Page.GetByLabel("How many").FillAsync("3");
        await ClickAsync(tab, "Add");
        await tab.SeeAsync("3 nodes added", "#announcer");
        daemon.Bodies.Single().ShouldBe("""{"network":"hyperswarm","count":3}""");
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Stop" }).First.ClickAsync();
        await tab.SeeAsync("Node 0 stopped", "#announcer");
        daemon.Requests.ShouldContain("DELETE /v1/devnet/nodes/mainline/0");
    }

    [Fact]
    public async Task The_devnet_is_offered_on_a_devnet_only()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon);
        await tab.SeeAsync("Live", "#link");
        (await tab.Page.Locator("#nav a").AllInnerTextsAsync()).ShouldBe(["Home", "Map", "Lookups", "Table", "Records", "Publications", "Try it"]);
    }

    private static Task ClickAsync(Tab tab, string button) => tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button, Exact = true }).ClickAsync();
}
