using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The live line to the daemon: told, lost, found again, and locked behind a token.</summary>
public sealed class ConnectionTests(Chromium chromium)
{
    [Fact]
    public async Task A_verdict_that_changed_is_shown_and_told_to_a_screen_reader()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon);
        await tab.SeeAsync("IPFS: works, with 236 contacts");
        await tab.SeeAsync("Live", "#link");
        (await tab.Page.Locator("#announcer").TextContentAsync()).ShouldBe("", "what stands on the page when it is opened is not told twice");

        // What is told stands there for a second, until the next status.
        await tab.Page.EvaluateAsync(
            """
            () => {
              window.said = [];
              const announcer = document.getElementById('announcer');
              new MutationObserver(() => window.said.push(announcer.textContent)).observe(announcer, { childList: true, characterData: true, subtree: true });
            }
            """);
        daemon.Publish("status", daemon.Answers.Status(6_000, "warn", FakeAnswers.IpfsVerdict.Replace("236", "237", StringComparison.Ordinal)));
        daemon.Publish("status", daemon.Answers.Status(6_001, "fail", "No network answers.", "Look at the cable."));
        await tab.Page.WaitForFunctionAsync("() => window.said.length > 0");
        (await tab.Page.EvaluateAsync<string>("() => window.said[0]")).ShouldBe("No network answers.", "a contact more is nothing to be told of");
        (await tab.Page.Locator("#announcer").GetAttributeAsync("aria-live")).ShouldBe("polite");
    }

    [Fact]
    public async Task A_lookup_appears_while_it_runs_and_is_over_when_it_is()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "lookups");
        await tab.SeeAsync("Lookups, newest first");
        await tab.SeeAsync("Live", "#link");
        System.Text.Json.Nodes.JsonNode lookup = FakeAnswers.Node(daemon.Answers.Summary(0));
        lookup["id"] = "500";
        lookup["target"] = "feedfeedfeedfeedfeedfeedfeedfeedfeedfeed";
        lookup["startedAt"] = DateTimeOffset.UtcNow.AddMinutes(1).ToString("o");
        lookup["state"] = "running";
        daemon.Publish("lookup", lookup.DeepClone());
        ILocator row = tab.Page.Locator("tbody tr").Filter(new LocatorFilterOptions { HasText = "feedfeed" });
        await row.GetByText("Running").WaitForAsync();
        lookup["state"] = "done";
        daemon.Publish("lookup", lookup);
        await row.GetByText("Done").WaitForAsync();
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_daemon_that_goes_away_is_missed_and_found_again()
    {
        FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon);
        await tab.SeeAsync("Live", "#link");
        int port = daemon.Endpoint.Port;
        await daemon.DisposeAsync();
        await tab.SeeAsync("Not connected", "#link");
        await tab.SeeAsync("Not connected to the daemon.", ".banner");
        (await tab.TextAsync()).ShouldContain("IPFS: works, with 236 contacts", customMessage: "what it said last stays");

        await using FakeDaemon again = await FakeDaemon.StartAsync(port: port);
        await tab.SeeAsync("Live", "#link");
        await tab.Page.Locator(".banner").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        again.Publish("status", again.Answers.Status(7_000, "ok", "Back again.", null));
        await tab.SeeAsync("Back again.", "main h1");
    }

    [Fact]
    public async Task A_daemon_with_a_token_is_opened_with_it_and_the_tab_keeps_it()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Token = "open sesame" });
        await using Tab tab = await chromium.OpenAsync(daemon, "publications");
        await tab.SeeAsync("This daemon asks for its token");
        await EnterAsync("wrong");
        await tab.SeeAsync("does not take this token");
        await EnterAsync("open sesame");
        await tab.SeeAsync("Found at 7 of 8 nodes");
        await tab.SeeAsync("Live", "#link");

        await tab.Page.ReloadAsync();
        await tab.SeeAsync("Found at 7 of 8 nodes");
        tab.Addresses.ShouldAllBe(address => !address.Contains("sesame", StringComparison.Ordinal));
        (await tab.Page.EvaluateAsync<int>("() => localStorage.length")).ShouldBe(0);

        async Task EnterAsync(string token)
        {
            await tab.Page.GetByLabel("Token").FillAsync(token);
            await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Open" }).ClickAsync();
        }
    }
}
