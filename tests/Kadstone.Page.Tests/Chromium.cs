using System.Collections.Concurrent;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Kadstone.Page.Tests.Chromium))]

namespace Kadstone.Page.Tests;

/// <summary>Debian's Chromium, started once. Where there is none, the tests that need it are skipped by name.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string? s_path = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (s_path is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = s_path,
            Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A tab of its own, with everything written down that must not happen.</summary>
    internal Task<Tab> OpenAsync(FakeDaemon daemon, string view = "", int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light, string? script = null) =>
        OpenAsync(daemon.Address, view, width, height, scheme, script);

    internal async Task<Tab> OpenAsync(string address, string view = "", int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light, string? script = null)
    {
        Assert.SkipWhen(_browser is null, "chromium is not installed (apt-get install chromium)");
        IBrowserContext context = await _browser.ShouldNotBeNull().NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            Permissions = ["clipboard-write"],
        });
        Tab tab = new(context, await context.NewPageAsync(), address);
        if (script is not null)
        {
            await context.AddInitScriptAsync(script);
        }

        await tab.GoAsync(view);
        return tab;
    }
}

/// <summary>A page in the browser.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly string _address;

    public Tab(IBrowserContext context, IPage page, string address)
    {
        _context = context;
        _address = address;
        Page = page;
        // A hang guard, not a measure: a machine that does much else is slow.
        page.SetDefaultTimeout(60_000);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                Complaints.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => Complaints.Enqueue(error);
        page.Request += (_, request) => Addresses.Enqueue(request.Url);
        page.Dialog += (_, dialog) => Complaints.Enqueue($"a dialog: {dialog.Message}");
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings of the console, exceptions and dialogs.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>Every address that was asked.</summary>
    public ConcurrentQueue<string> Addresses { get; } = new();

    public async Task GoAsync(string view)
    {
        await Page.GotoAsync($"{_address}#/{view}");
        await Page.Locator("main h1").First.WaitForAsync();
    }

    /// <summary>The text of a part, when it is there.</summary>
    public async Task<string> TextAsync(string selector = "main")
    {
        ILocator locator = Page.Locator(selector).First;
        await locator.WaitForAsync();
        return await locator.InnerTextAsync();
    }

    /// <summary>Waits until a part says so.</summary>
    public Task SeeAsync(string text, string selector = "main") => Page.Locator(selector).Filter(new LocatorFilterOptions { HasText = text }).First.WaitForAsync();

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
