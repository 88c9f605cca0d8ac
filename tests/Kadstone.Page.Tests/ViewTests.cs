using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>What holds for every view: it shows its data, fits, can be read, and asks nobody but the daemon.</summary>
public sealed class ViewTests(Chromium chromium)
{
    /// <summary>Text whose contrast to what is behind it is below 4.5 (WCAG 2.2, 1.4.3), or 3 where it is large.</summary>
    private const string FaintText =
        """
        () => {
          const parse = text => {
            const numbers = (text.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
            const scale = text.startsWith('color(') ? 255 : 1;
            return text === 'none' ? [0, 0, 0, 0] : [numbers[0] * scale, numbers[1] * scale, numbers[2] * scale, numbers[3] ?? 1];
          };
          const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
          const light = color => color.slice(0, 3).map(value => value / 255).map(value => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
            .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => element === null ? [255, 255, 255, 1] : over(parse(getComputedStyle(element).backgroundColor), parse(getComputedStyle(element).backgroundColor)[3] === 1 ? [0, 0, 0, 1] : behind(element.parentElement));
          const faint = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (walker.currentNode.data.trim() === '' || element.closest('title, desc, noscript, .unseen, .skip, option') || element.getClientRects().length === 0) { continue; }
            const style = getComputedStyle(element);
            const ground = behind(element);
            const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), ground);
            const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
            const size = parseFloat(style.fontSize);
            const wanted = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
            const contrast = (a + 0.05) / (b + 0.05);
            if (contrast < wanted) { faint.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.slice(0, 40)} (${style.color} on ${ground})`); }
          }
          return [...new Set(faint)];
        }
        """;

    /// <summary>What a screen reader would miss: names of controls, captions of tables, titles of drawings, one main heading.</summary>
    private const string Unnamed =
        """
        () => {
          const problems = [];
          const named = element => element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') || element.textContent.trim() || element.closest('label')?.textContent.trim();
          for (const element of document.querySelectorAll('a, button, input, select, textarea, summary')) {
            if (!named(element)) { problems.push(`no name: ${element.tagName} ${element.className}`); }
          }
          for (const table of document.querySelectorAll('table')) {
            if (!table.caption?.textContent.trim()) { problems.push('a table without a caption'); }
            if (!table.querySelector('th[scope=row]') || !table.querySelector('th[scope=col]')) { problems.push(`no headers: ${table.caption?.textContent}`); }
          }
          for (const svg of document.querySelectorAll('svg')) {
            const isHidden = svg.getAttribute('aria-hidden') === 'true';
            const isTold = svg.getAttribute('role') === 'img' && svg.querySelector(':scope > title')?.textContent && svg.querySelector(':scope > desc')?.textContent;
            if (!isHidden && !isTold) { problems.push('a drawing without title and description'); }
          }
          for (const svg of document.querySelectorAll('svg.ring, svg.ladder')) {
            if (!svg.closest('.view').querySelector('details table')) { problems.push('a drawing without a table'); }
          }
          for (const landmark of ['header', 'nav', 'main', 'footer']) {
            if (!document.querySelector(`body > ${landmark}`)) { problems.push(`no ${landmark}`); }
          }
          if (document.querySelectorAll('main h1').length !== 1) { problems.push('not one h1'); }
          const levels = [...document.querySelectorAll('h1, h2, h3')].map(element => Number(element.tagName[1]));
          if (levels.some((level, i) => i > 0 && level > levels[i - 1] + 1)) { problems.push('a heading level is left out'); }
          const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
          if (new Set(ids).size !== ids.length) { problems.push('an id twice'); }
          return problems;
        }
        """;

    public static TheoryData<string> Views => PageViews.Names;

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_shows_its_data_without_a_complaint_and_asks_only_its_daemon(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        await using Tab tab = await chromium.OpenAsync(daemon, view);
        await tab.SeeAsync(PageViews.All[view]);
        tab.Complaints.ShouldBeEmpty();
        tab.Addresses.Where(address => !address.StartsWith(daemon.Address, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_fits_a_narrow_screen(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        await using Tab tab = await chromium.OpenAsync(daemon, view, width: 360, height: 740);
        await tab.SeeAsync(PageViews.All[view]);
        await OpenEverythingAsync(tab);
        // Neither the page nor a box that cuts off what sticks out.
        string[] wide = await tab.Page.EvaluateAsync<string[]>(
            """
            () => [document.documentElement, ...document.querySelectorAll('body *')].filter(element => !element.closest('.unseen, thead, svg') && element.scrollWidth > element.clientWidth + 1
              && (element === document.documentElement || element.getBoundingClientRect().right > innerWidth + 1 || getComputedStyle(element).overflowX === 'hidden')).map(element => `${element.tagName}.${element.className}: ${element.scrollWidth} in ${element.clientWidth}`)
            """);
        wide.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_can_be_read_in_light_and_dark(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        string[] grounds = ["", ""];
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using Tab tab = await chromium.OpenAsync(daemon, view, scheme: scheme);
            await tab.SeeAsync(PageViews.All[view]);
            await OpenEverythingAsync(tab);
            (await tab.Page.EvaluateAsync<string[]>(FaintText)).ShouldBeEmpty($"too faint in {scheme}");
            grounds[scheme == ColorScheme.Dark ? 1 : 0] = await tab.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        }

        grounds[0].ShouldNotBe(grounds[1]);
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_tells_a_screen_reader_what_it_shows(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true } });
        await using Tab tab = await chromium.OpenAsync(daemon, view);
        await tab.SeeAsync(PageViews.All[view]);
        (await tab.Page.EvaluateAsync<string[]>(Unnamed)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "Joining, nobody has answered yet.")]
    [InlineData("map/mainline", "Nobody is known yet")]
    [InlineData("lookups", "No lookup yet")]
    [InlineData("table/mainline", "Nobody is known yet")]
    [InlineData("records", "Nothing is stored here")]
    [InlineData("publications", "Nothing is published")]
    [InlineData("devnet", "This daemon is on the real networks")]
    public async Task A_view_without_data_says_what_will_come(string view, string words)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsEmpty = true } });
        await using Tab tab = await chromium.OpenAsync(daemon, view);
        await tab.SeeAsync(words);
        tab.Complaints.Where(text => !text.Contains("404", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_moves_where_motion_is_not_wanted()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "lookups");
        await tab.SeeAsync("Running");
        (await AnimationsAsync()).ShouldBeGreaterThan(0);
        await tab.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ReducedMotion = ReducedMotion.Reduce });
        (await AnimationsAsync()).ShouldBe(0);

        Task<int> AnimationsAsync() => tab.Page.EvaluateAsync<int>("() => document.getAnimations().length");
    }

    private static async Task OpenEverythingAsync(Tab tab) => await tab.Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(element => { element.open = true; })");
}
