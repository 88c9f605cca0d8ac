using System.Net;
using System.Text.Json.Nodes;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>
/// The pictures of docs/images, of <c>dht up --devnet</c> with strangers who put and announce: run by hand with <c>KADSTONE_SCREENSHOTS=FOLDER</c>.
/// They take three minutes: the lines of traffic are two minutes long.
/// </summary>
public sealed class ScreenshotTests(Chromium chromium) : IDisposable
{
    private const string InfoHash = "2b66980093bc11806fab50cb3cb41835b95a0362";
    private const string Topic = "3031323334353637303132333435363730313233343536373031323334353637";
    private const string Content = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    private static readonly string? s_folder = Environment.GetEnvironmentVariable("KADSTONE_SCREENSHOTS");
    private static readonly ColorScheme[] s_schemes = [ColorScheme.Light, ColorScheme.Dark];

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("kadstone-page-");

    [Fact, Trait("Category", "Bars")]
    public async Task Each_view_has_its_picture_in_light_and_dark_and_on_a_telephone()
    {
        Assert.SkipWhen(s_folder is null, "set KADSTONE_SCREENSHOTS to the folder that the pictures go to");
        await using CommandDaemon daemon = await CommandDaemon.UpAsync(_data.FullName, "--devnet", "--nodes", "40");
        List<(Tab Tab, string Name)> homes = [];
        foreach (ColorScheme scheme in s_schemes)
        {
            homes.Add((await chromium.OpenAsync(daemon.Address, "", 1240, 1190, scheme), $"home-{Name(scheme)}"));
        }

        homes.Add((await chromium.OpenAsync(daemon.Address, "", 360, 780), "home-narrow"));
        await StrangersAsync(daemon.Ready);
        string ladder = await UseAsync(daemon.Address);
        foreach (ColorScheme scheme in s_schemes)
        {
            await TakeAsync(daemon, "map", "map/mainline", "Median round trip", 1240, 960, scheme);
            await TakeAsync(daemon, "trace", ladder, "Hops against time", 1240, 1000, scheme);
            await TakeAsync(daemon, "buckets", "table/mainline", "contacts in", 1240, 800, scheme);
            await TakeAsync(daemon, "records", "records", "Mainline immutable", 1240, 860, scheme);
        }

        foreach ((Tab tab, string name) in homes)
        {
            // Two minutes of traffic have come when the line begins at the left.
            await tab.Page.WaitForFunctionAsync(
                "() => document.querySelector('.traffic .sent')?.getAttribute('d').startsWith('M0')", null, new PageWaitForFunctionOptions { Timeout = 300_000 });
            await PictureAsync(tab, name);
            await tab.DisposeAsync();
        }
    }

    public void Dispose() => _data.Delete(recursive: true);

    private async Task TakeAsync(CommandDaemon daemon, string name, string view, string words, int width, int height, ColorScheme scheme)
    {
        await using Tab tab = await chromium.OpenAsync(daemon.Address, view, width, height, scheme);
        await tab.SeeAsync(words);
        await tab.SeeAsync("Live", "#link");
        await PictureAsync(tab, $"{name}-{Name(scheme)}");
    }

    private static async Task PictureAsync(Tab tab, string name) =>
        await tab.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(s_folder.ShouldNotBeNull(), $"{name}.png") });

    private static string Name(ColorScheme scheme) => scheme.ToString().ToLowerInvariant();

    /// <summary>What a person does through the page, and the address of a ladder.</summary>
    private async Task<string> UseAsync(string address)
    {
        await using Tab tab = await chromium.OpenAsync(address, "try/announce");
        await tab.SeeAsync("Live", "#link");
        await AskAsync(tab, "Mainline", InfoHash, "Announce");
        await AskAsync(tab, "Hyperswarm", Topic, "Announce");
        await AskAsync(tab, "IPFS", Content, "Announce");
        await tab.GoAsync("try/put");
        await tab.Page.GetByLabel("Text").FillAsync("hello from the page");
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Put", Exact = true }).ClickAsync();
        await tab.SeeAsync("nodes took it");
        await tab.GoAsync("try");
        await AskAsync(tab, "IPFS", Content, "Look up");
        await AskAsync(tab, "Hyperswarm", Topic, "Look up");
        await AskAsync(tab, "Mainline", InfoHash, "Look up");
        tab.Complaints.ShouldBeEmpty();
        // Of all lookups so far the one that has most to show.
        string richest = await tab.Page.EvaluateAsync<string>(
            """
            async () => (await (await fetch('/v1/lookups?limit=200')).json()).lookups
              .filter(lookup => lookup.network === 'mainline' && lookup.state === 'done')
              .sort((a, b) => b.hops - a.hops || b.requests - a.requests || a.milliseconds - b.milliseconds)[0].id
            """);
        return $"lookups/{richest}";
    }

    private static async Task AskAsync(Tab tab, string network, string key, string button)
    {
        await tab.Page.GetByText(network, new PageGetByTextOptions { Exact = true }).ClickAsync();
        await tab.Page.GetByLabel("Key", new PageGetByLabelOptions { Exact = true }).FillAsync(key);
        await tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button, Exact = true }).ClickAsync();
        await tab.Page.Locator("[aria-busy=false]").WaitForAsync();
        await tab.SeeAsync(button == "Announce" ? "took it" : " peer", "[aria-busy=false]");
    }

    /// <summary>Other nodes, whose values and peers come to lie with the nodes of the devnet: this one among them.</summary>
    private static async Task StrangersAsync(JsonObject ready)
    {
        await using MainlineDht mainline = await MainlineDht.CreateAsync(new MainlineOptions
        {
            Addresses = [IPAddress.Parse("127.78.1.1")], Scope = AddressScope.Private, Bootstrap = [(string)ready["bootstrap"].ShouldNotBeNull()!],
        });
        await using HyperDht hyperswarm = await HyperDht.CreateAsync(new HyperDhtOptions
        {
            Host = IPAddress.Parse("127.78.2.1"), Scope = AddressScope.Private, Bootstrap = [(string)ready["hyper_bootstrap"].ShouldNotBeNull()!],
        });
        await mainline.WaitForNetworkAsync(TestContext.Current.CancellationToken);
        await hyperswarm.Node.WaitForNetworkAsync(TestContext.Current.CancellationToken);
        Random random = new(1);
        for (int number = 0; number < 100; number++)
        {
            byte[] text = new byte[random.Next(20, 600)];
            Array.Fill(text, (byte)('a' + (number % 26)));
            BitConverter.TryWriteBytes(text, number);
            await mainline.PutImmutableAsync(ItemValue.FromBytes(text));
            await mainline.AnnouncePeerAsync(Keyspace.Random<Key160>(random), 6881);
            if (number % 4 == 0)
            {
                await hyperswarm.ImmutablePutAsync(text);
            }
        }
    }
}
