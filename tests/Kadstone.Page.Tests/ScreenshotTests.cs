using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The pictures of docs/images: run by hand with <c>KADSTONE_SCREENSHOTS=FOLDER</c>.</summary>
public sealed class ScreenshotTests(Chromium chromium)
{
    private static readonly string? s_folder = Environment.GetEnvironmentVariable("KADSTONE_SCREENSHOTS");

    [Theory, Trait("Category", "Bars")]
    [InlineData("home", "", 1240, 860)]
    [InlineData("map", "map/mainline", 1240, 960)]
    [InlineData("trace", "lookups/3", 1240, 1000)]
    [InlineData("buckets", "table/mainline", 1240, 800)]
    [InlineData("records", "records", 1240, 860)]
    public async Task A_view_has_its_picture_in_light_and_dark(string name, string view, int width, int height)
    {
        Assert.SkipWhen(s_folder is null, "set KADSTONE_SCREENSHOTS to the folder that the pictures go to");
        await using FakeDaemon daemon = await FakeDaemon.StartAsync();
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using Tab tab = await chromium.OpenAsync(daemon, view, width, height, scheme);
            await tab.SeeAsync(PageViews.All[view]);
            await tab.SeeAsync("Live", "#link");
            // Two minutes of traffic have come when the line begins at the left.
            await tab.Page.WaitForFunctionAsync("() => document.querySelectorAll('.traffic').length === 0 || document.querySelector('.traffic .sent')?.getAttribute('d').startsWith('M0')");
            await tab.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(s_folder, $"{name}-{scheme.ToString().ToLowerInvariant()}.png") });
        }
    }
}
