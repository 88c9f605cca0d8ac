using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The page without a mouse.</summary>
public sealed class KeyboardTests(Chromium chromium)
{
    private const string Focused = "() => document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label') || document.activeElement.id";

    [Fact]
    public async Task The_first_stop_skips_to_the_content()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon);
        await PressAsync(tab, "Tab");
        (await tab.Page.EvaluateAsync<string>(Focused)).ShouldBe("Skip to the content");
        (await tab.Page.Locator("#skip").BoundingBoxAsync()).ShouldNotBeNull().Y.ShouldBeGreaterThanOrEqualTo(0);
        await PressAsync(tab, "Enter");
        (await tab.Page.EvaluateAsync<string>("() => document.activeElement.id")).ShouldBe("main");
        tab.Page.Url.ShouldEndWith("#/", customMessage: "the address is still the view's");
    }

    [Fact]
    public async Task Every_view_is_reached_by_Tab_and_Enter_and_takes_the_focus()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        await using Tab tab = await chromium.OpenAsync(daemon);
        await tab.SeeAsync("Devnet", "#nav");
        foreach (string view in new[] { "Map", "Lookups", "Table", "Records", "Publications", "Try it", "Devnet" })
        {
            await tab.Page.Locator("#skip").FocusAsync();
            await TabToAsync(tab, view);
            await PressAsync(tab, "Enter");
            await tab.Page.WaitForFunctionAsync("() => document.activeElement.id === 'main'");
            (await tab.TextAsync("#nav [aria-current]")).ShouldBe(view);
            (await tab.Page.TitleAsync()).ShouldEndWith("· Kadstone");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("table/mainline")]
    [InlineData("records")]
    [InlineData("publications")]
    [InlineData("try")]
    public async Task Every_stop_can_be_seen_and_none_holds_the_focus(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, view);
        await tab.SeeAsync(PageViews.All[view]);
        HashSet<string> stops = [];
        for (int press = 0; press < 120; press++)
        {
            await PressAsync(tab, "Tab");
            string stop = await tab.Page.EvaluateAsync<string>(
                """
                () => {
                  const element = document.activeElement;
                  if (element === document.body) { return 'end'; }
                  const shown = element.matches('.choices input') ? element.nextElementSibling : element;
                  const isOutlined = getComputedStyle(shown).outlineStyle !== 'none' && parseFloat(getComputedStyle(shown).outlineWidth) >= 2;
                  window.stops ??= new Map();
                  if (!window.stops.has(element)) { window.stops.set(element, window.stops.size); }
                  return `${isOutlined ? 'seen' : 'unseen'} ${window.stops.get(element)} ${element.tagName} ${element.textContent.slice(0, 30)}`;
                }
                """);
            if (stop == "end" || !stops.Add(stop))
            {
                break;
            }
        }

        stops.Count.ShouldBeGreaterThan(9);
        stops.Where(stop => stop.StartsWith("unseen", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_bucket_opens_with_Enter_and_stays_open_when_the_table_is_asked_again()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "table/mainline");
        await tab.SeeAsync("in 13 buckets");
        await tab.Page.Locator(".bucket summary").Nth(2).FocusAsync();
        await PressAsync(tab, "Enter");
        await tab.Page.Locator(".bucket").Nth(2).Locator("table").WaitForAsync();
        await tab.Page.WaitForResponseAsync(response => response.Url.EndsWith("/table", StringComparison.Ordinal));
        await tab.Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        (await tab.Page.Locator(".bucket").Nth(2).Locator("table").IsVisibleAsync()).ShouldBeTrue();
        (await tab.Page.EvaluateAsync<string>("() => document.activeElement.tagName")).ShouldBe("SUMMARY", "the focus stays where it was");
    }

    private static Task PressAsync(Tab tab, string key) => tab.Page.Keyboard.PressAsync(key);

    private static async Task TabToAsync(Tab tab, string name)
    {
        for (int press = 0; press < 30; press++)
        {
            await PressAsync(tab, "Tab");
            if (await tab.Page.EvaluateAsync<string>(Focused) == name)
            {
                return;
            }
        }

        Assert.Fail($"Tab does not reach {name}");
    }
}
