using System.Text.Json;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The page of a running devnet without a mouse and without a screen: what Chromium tells assistive programs is what counts.</summary>
public sealed class RealAccessTests(Chromium chromium, RealAccessTests.Devnet devnet) : IClassFixture<RealAccessTests.Devnet>
{
    [Theory]
    [InlineData("", "All 3 networks work")]
    [InlineData("map/mainline", "Median round trip")]
    [InlineData("lookups", "Lookups")]
    [InlineData("table/ipfs", "contacts in")]
    [InlineData("records", "Nothing is stored here yet")]
    [InlineData("publications", "Nothing is published")]
    [InlineData("try", "Who is there for a key")]
    [InlineData("try/announce", "Again and again")]
    [InlineData("try/get", "What the network keeps")]
    [InlineData("try/put", "Leave a value")]
    [InlineData("devnet", "Runs")]
    public async Task Every_stop_of_a_view_has_a_role_and_a_name_and_can_be_seen(string view, string words)
    {
        await using Tab tab = await chromium.OpenAsync(devnet.Address, view);
        await tab.SeeAsync("Live", "#link");
        await tab.SeeAsync(words);
        ICDPSession session = await tab.Page.Context.NewCDPSessionAsync(tab.Page);
        List<string> stops = [];
        while (stops.Count < 200)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            if (await tab.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || (window.first ??= document.activeElement) === document.activeElement && window.isRound"))
            {
                break;
            }

            await tab.Page.EvaluateAsync("() => { window.isRound = true; }");
            stops.Add(await StopAsync(tab, session));
        }

        stops.Count.ShouldBeInRange(9, 199, string.Join('\n', stops));
        stops.Where(stop => stop.Contains("''", StringComparison.Ordinal) || stop.StartsWith("unseen", StringComparison.Ordinal) || stop.Contains("generic", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "All 3 networks work")]
    [InlineData("map/mainline", "Median round trip")]
    [InlineData("table/hyperswarm", "contacts in")]
    [InlineData("devnet", "Runs")]
    public async Task A_view_that_is_left_alone_says_nothing(string view, string words)
    {
        await using Tab tab = await chromium.OpenAsync(devnet.Address, view);
        await tab.SeeAsync("Live", "#link");
        await tab.SeeAsync(words);
        await tab.Page.EvaluateAsync(
            """
            () => {
              window.said = [];
              const isLive = node => (node instanceof Element ? node : node.parentElement)?.closest('[aria-live], [role=status], [role=alert], [role=log]');
              new MutationObserver(changes => window.said.push(...changes.filter(change => isLive(change.target) || [...change.addedNodes].some(isLive)).map(change => change.target.textContent)))
                .observe(document.body, { subtree: true, childList: true, characterData: true });
              window.drawn = new Set();
            }
            """);
        // Each status draws the page anew: the footer says since when it runs.
        await tab.Page.WaitForFunctionAsync("() => window.drawn.add(document.getElementById('foot').textContent).size > 4");
        (await tab.Page.EvaluateAsync<string[]>("() => window.said")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_asked_is_told_once_when_it_is_over()
    {
        await using Tab tab = await chromium.OpenAsync(devnet.Address, "try/announce");
        await tab.SeeAsync("Live", "#link");
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Fill in an example" }).ClickAsync();
        await tab.Page.GetByLabel("Again and again").UncheckAsync();
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Announce", Exact = true }).ClickAsync();
        await tab.Page.WaitForFunctionAsync("() => document.getElementById('announcer').textContent.endsWith('took it')");
        (await tab.Page.Locator("main [aria-live]").CountAsync()).ShouldBe(0);
        tab.Complaints.ShouldBeEmpty();
    }

    /// <summary>Seen or unseen, role and name of what has the focus.</summary>
    private static async Task<string> StopAsync(Tab tab, ICDPSession session)
    {
        string seen = await tab.Page.EvaluateAsync<string>(
            """
            () => {
              const element = document.activeElement;
              const style = getComputedStyle(element.matches('.choices input') ? element.nextElementSibling : element);
              return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 ? 'seen' : 'unseen';
            }
            """);
        JsonElement focused = (await session.SendAsync("Runtime.evaluate", new Dictionary<string, object> { ["expression"] = "document.activeElement" })).ShouldNotBeNull();
        string id = focused.GetProperty("result").GetProperty("objectId").GetString().ShouldNotBeNull();
        JsonElement tree = (await session.SendAsync("Accessibility.getPartialAXTree", new Dictionary<string, object> { ["objectId"] = id, ["fetchRelatives"] = false })).ShouldNotBeNull();
        JsonElement node = tree.GetProperty("nodes")[0];
        return $"{seen} {node.GetProperty("role").GetProperty("value")} '{node.GetProperty("name").GetProperty("value")}'";
    }

    /// <summary>One <c>dht up --devnet</c> for all tests of the class.</summary>
    public sealed class Devnet : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kadstone-page-");
        private CommandDaemon? _daemon;

        internal string Address => _daemon.ShouldNotBeNull().Address;

        public async ValueTask InitializeAsync() => _daemon = await CommandDaemon.UpAsync(_folder.FullName, "--devnet", "--nodes", "12");

        public async ValueTask DisposeAsync()
        {
            if (_daemon is not null)
            {
                await _daemon.DisposeAsync();
            }

            _folder.Delete(recursive: true);
        }
    }
}
