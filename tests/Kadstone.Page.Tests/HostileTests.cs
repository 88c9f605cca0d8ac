namespace Kadstone.Page.Tests;

/// <summary>Names, agents, keys and error texts of the network are text, whatever is in them (bar 44).</summary>
public sealed class HostileTests(Chromium chromium)
{
    /// <summary>Elements that the page never makes, attributes that run something, links that lead away.</summary>
    internal const string Strange =
        """
        () => {
          const known = new Set(('html head meta title link script body a header img span p nav main noscript footer div ul li h1 h2 h3 section article dl dt dd small strong code bdi time table caption thead tbody tr th td '
            + 'details summary i button form fieldset legend label input select option textarea pre svg g path rect circle text desc').split(' '));
          const strange = [];
          for (const element of document.querySelectorAll('*')) {
            if (!known.has(element.localName)) { strange.push(`<${element.localName}>`); }
            for (const { name, value } of element.attributes) {
              if (/^on|^style$|^srcdoc$/.test(name) || /javascript:/i.test(value)) { strange.push(`${element.localName} ${name}=${value}`); }
              if (name === 'href' && element.localName === 'a' && !value.startsWith('#')) { strange.push(`a link to ${value}`); }
              if (/[<>]/.test(value)) { strange.push(`${element.localName} ${name} has markup: ${value}`); }
            }
          }
          if (document.scripts.length !== 1) { strange.push(`${document.scripts.length} scripts`); }
          if (document.images.length !== 1) { strange.push(`${document.images.length} images`); }
          if (window.marks) { strange.push(`${window.marks} scripts ran`); }
          return strange;
        }
        """;

    internal const string Mark = "window.mark = () => { window.marks = (window.marks ?? 0) + 1; }";

    public static TheoryData<string> Views => PageViews.Names;

    [Fact]
    public void There_are_two_hundred_payloads_and_none_twice() => HostilePayloads.All.Distinct().Count().ShouldBe(HostilePayloads.Count);

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Two_hundred_payloads_run_nothing_and_become_no_markup(string view)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Answers = new FakeAnswers { IsDevnet = true }, Bend = HostilePayloads.Bend() });
        await using Tab tab = await chromium.OpenAsync(daemon, view, script: Mark);
        if (view == "try")
        {
            await tab.Page.GetByLabel("Key").FillAsync("<img src=x onerror=mark()>");
            await tab.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Look up", Exact = true }).ClickAsync();
        }

        await tab.Page.WaitForFunctionAsync("() => (document.querySelector('main').textContent.match(/mark\\(\\)/g) ?? []).length > 3");
        await tab.Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(element => { element.open = true; })");
        (await tab.Page.EvaluateAsync<string[]>(Strange)).ShouldBeEmpty();
        tab.Complaints.ShouldBeEmpty();
        tab.Addresses.Where(address => !address.StartsWith(daemon.Address, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_payload_is_shown_as_the_text_it_is()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync(new FakeDaemon { Bend = HostilePayloads.Bend() });
        await using Tab tab = await chromium.OpenAsync(daemon, "table/mainline", script: Mark);
        // Addresses and agents of some 150 contacts, whole: the table is asked again until each payload had its turn.
        await tab.Page.WaitForFunctionAsync("() => document.querySelectorAll('.bucket').length > 10");
        HashSet<string> missing = [.. HostilePayloads.All.Select(Shown)];
        while (missing.Count > 0)
        {
            string[] texts = await tab.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('main .foreign')].map(element => element.textContent)");
            missing.ExceptWith(texts);
            if (missing.Count > 0)
            {
                await tab.Page.WaitForResponseAsync(response => response.Url.EndsWith("/table", StringComparison.Ordinal));
            }
        }

        (await tab.Page.EvaluateAsync<string[]>(Strange)).ShouldBeEmpty();
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_error_of_the_daemon_is_text_too()
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon, "lookups/3", script: Mark);
        await tab.Page.RouteAsync("**/v1/records**", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/json", Body = """{"error":"<img src=x onerror=mark()> the disk is full"}""" }));
        await tab.GoAsync("records");
        await tab.SeeAsync("the disk is full", ".problem");
        (await tab.TextAsync(".problem")).ShouldContain("<img src=x onerror=mark()>");
        (await tab.Page.EvaluateAsync<string[]>(Strange)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("h('p', { onmouseover: 'mark()' })")]
    [InlineData("h('p', { style: 'color:red' })")]
    [InlineData("h('iframe', { src: 'x' })")]
    [InlineData("h('a', { href: 'javascript:mark()' })")]
    [InlineData("h('a', { href: '//elsewhere' })")]
    [InlineData("s('a', { 'xlink:href': '#x' })")]
    [InlineData("h('p', { 'a b': 'c' })")]
    public async Task The_maker_of_elements_refuses(string call)
    {
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        await using Tab tab = await chromium.OpenAsync(daemon);
        bool isRefused = await tab.Page.EvaluateAsync<bool>($"async () => {{ const {{ h, s }} = await import('/lib/dom.js'); try {{ {call}; return false; }} catch (error) {{ return error instanceof Error; }} }}");
        isRefused.ShouldBeTrue();
    }

    // As lib/text.js shows what would be invisible.
    private static string Shown(string payload) => string.Concat(payload.Select(letter => letter < ' ' ? (char)(0x2400 + letter) : letter is '\u202e' or '\ufeff' ? '\ufffd' : letter));
}
