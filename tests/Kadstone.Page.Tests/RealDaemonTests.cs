using System.Net;
using Kadstone.Crypto;
using Kadstone.Daemon;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The page before the daemon itself, with a real neighbour in each network on loopback.</summary>
public sealed class RealDaemonTests(Chromium chromium) : IAsyncLifetime
{
    private const string Key = "e5f96f6f38320f0f33959cb4d3d656452117aadb";

    private readonly List<IAsyncDisposable> _parts = [];
    private KadstoneDaemon? _daemon;

    private string Address => $"http://{_daemon.ShouldNotBeNull().Api}/";

    public async ValueTask InitializeAsync()
    {
        MainlineDht mainline = Kept(await MainlineDht.CreateAsync(MainlineHere(1)));
        HyperDht hyperswarm = Kept(await HyperDht.CreateAsync(HyperswarmHere(1)));
        IpfsDht ipfs = Kept(await IpfsDht.CreateAsync(IpfsHere()));
        KadstoneNode node = Kept(await KadstoneNode.CreateAsync(new KadstoneOptions
        {
            DataFolder = null,
            Mainline = MainlineHere(2) with { Bootstrap = [mainline.LocalEndpoints[0].ToString()] },
            Hyperswarm = HyperswarmHere(2) with { Bootstrap = [hyperswarm.Node.LocalEndpoint.ToString()] },
            Ipfs = IpfsHere() with { Bootstrap = [ipfs.Addresses[0].WithPeer(ipfs.LocalPeer)] },
        }));
        _daemon = Kept(await KadstoneDaemon.StartAsync(node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }));
        await Task.WhenAll(node.Networks.Select(network => network.WaitForNetworkAsync(TestContext.Current.CancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("", "Works, with 1 contact")]
    [InlineData("map/mainline", "Median round trip")]
    [InlineData("map/hyperswarm", "Median round trip")]
    [InlineData("map/ipfs", "Median round trip")]
    [InlineData("table/mainline", "in 1 bucket ")]
    [InlineData("table/hyperswarm", "in 1 bucket ")]
    [InlineData("table/ipfs", "in 1 bucket ")]
    [InlineData("lookups", "Lookups")]
    [InlineData("records", "Stored records")]
    [InlineData("publications", "Nothing is published")]
    [InlineData("try", "Who is there for a key")]
    public async Task A_view_shows_what_the_daemon_says(string view, string words)
    {
        await using Tab tab = await chromium.OpenAsync(Address, view);
        await tab.SeeAsync("Live", "#link");
        await tab.SeeAsync(words);
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_announced_here_is_a_publication_that_a_stranger_finds()
    {
        await using Tab tab = await chromium.OpenAsync(Address, "try/announce");
        await tab.SeeAsync("Live", "#link");
        await tab.Page.GetByLabel("Key").FillAsync(Key);
        await tab.Page.GetByLabel("Port").FillAsync("6881");
        await ClickAsync(tab, "Announce");
        await tab.SeeAsync("1 of 1 node took it");

        await tab.GoAsync("try");
        await tab.Page.GetByLabel("Key").FillAsync(Key);
        await ClickAsync(tab, "Look up");
        await tab.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "See its ladder" }).ClickAsync();
        await tab.SeeAsync("Hops against time");
        await tab.SeeAsync("hop 1", ".ladder");

        await tab.GoAsync("publications");
        await tab.SeeAsync("1 of 1 node took it");
        await ClickAsync(tab, "Check");
        await tab.SeeAsync("Found", "article .check");
        await ClickAsync(tab, "Stop");
        await tab.SeeAsync("Nothing is published");
        tab.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_value_that_was_put_is_got()
    {
        await using Tab tab = await chromium.OpenAsync(Address, "try/put");
        await tab.SeeAsync("Live", "#link");
        await tab.Page.GetByLabel("Text").FillAsync("hello from the page");
        await ClickAsync(tab, "Put");
        await tab.SeeAsync("1 of 1 node took it.");
        string key = await tab.TextAsync(".facts dd");
        await tab.GoAsync("try/get");
        await tab.Page.GetByLabel("Key").FillAsync(key);
        await ClickAsync(tab, "Get");
        await tab.SeeAsync("hello from the page", ".value");
        tab.Complaints.ShouldBeEmpty();
    }

    private static Task ClickAsync(Tab tab, string button) => tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button, Exact = true }).First.ClickAsync();

    private static MainlineOptions MainlineHere(int number) => new() { Addresses = [IPAddress.Parse($"127.79.{number}.1")], Scope = AddressScope.Private, Bootstrap = [] };

    private static HyperDhtOptions HyperswarmHere(int number) => new() { Host = IPAddress.Parse($"127.79.{number}.1"), Scope = AddressScope.Private, Ephemeral = false, Bootstrap = [] };

    private static IpfsOptions IpfsHere() => new()
    {
        Host = new Libp2pOptions { Identity = PrivateKey.Generate(new SecureRandom()), Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
        Scope = KadScope.Lan,
        Policy = AddressPolicy.Any,
        Mode = KadMode.Server,
        Bootstrap = [],
    };

    private T Kept<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
