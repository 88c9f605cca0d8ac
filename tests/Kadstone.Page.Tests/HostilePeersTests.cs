using System.Net;
using Kadstone.Crypto;
using Kadstone.Daemon;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>Bar 44 from the wire on: peers that carry payloads, the daemon itself, and its page in a browser.</summary>
public sealed class HostilePeersTests(Chromium chromium) : IAsyncLifetime
{
    // Those that the page shows as they are: what cannot be seen it makes visible, and control characters make a value bytes.
    private static readonly string[] s_values = [.. HostilePayloads.All.Where(payload => payload.All(letter => letter is >= ' ' and <= '~')).Where((_, number) => number % 17 == 0)];

    // An agent has 128 characters at most; all of these are shorter.
    private static readonly string[] s_agents = [.. HostilePayloads.All.Where((_, number) => number % 29 == 0)];

    private readonly List<IAsyncDisposable> _parts = [];
    private HostileNode? _mainline;
    private KadstoneDaemon? _daemon;

    private string Address => $"http://{_daemon.ShouldNotBeNull().Api}/";

    public async ValueTask InitializeAsync()
    {
        _mainline = Kept(new HostileNode("127.79.101.1"));
        List<IpfsDht> peers = [];
        foreach (string agent in s_agents)
        {
            IpfsDht peer = Kept(await IpfsDht.CreateAsync(IpfsHere(agent)));
            peers.Add(peer);
        }

        KadstoneNode node = Kept(await KadstoneNode.CreateAsync(new KadstoneOptions
        {
            DataFolder = null,
            Mainline = new MainlineOptions { Addresses = [IPAddress.Parse("127.79.101.2")], Scope = AddressScope.Private, Bootstrap = [_mainline.Endpoint] },
            Ipfs = IpfsHere("kadstone") with { Bootstrap = [.. peers.Select(peer => peer.Addresses[0].WithPeer(peer.LocalPeer))] },
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

    [Fact]
    public async Task Values_of_a_hostile_node_are_text()
    {
        HostileNode node = _mainline.ShouldNotBeNull();
        await using Tab tab = await chromium.OpenAsync(Address, "try/get", script: HostileTests.Mark);
        await tab.SeeAsync("Live", "#link");
        foreach (string value in s_values)
        {
            node.Value = value;
            await tab.Page.GetByLabel("Key").FillAsync(node.Key);
            await ClickAsync(tab, "Get");
            await tab.Page.WaitForFunctionAsync("text => document.querySelector('.value')?.textContent.includes(text)", value);
            await ShouldBeSoundAsync(tab);
        }
    }

    [Fact]
    public async Task Its_version_and_its_errors_are_text_wherever_they_are_told()
    {
        await using Tab tab = await chromium.OpenAsync(Address, "try/announce", script: HostileTests.Mark);
        await tab.SeeAsync("Live", "#link");
        for (int number = 0; number < 10; number++)
        {
            await tab.Page.GetByLabel("Key").FillAsync(Convert.ToHexStringLower(Enumerable.Repeat((byte)number, 20).ToArray()));
            await tab.Page.GetByLabel("Port").FillAsync("6881");
            IResponse answer = await tab.Page.RunAndWaitForResponseAsync(
                () => ClickAsync(tab, "Announce"),
                response => response.Url.EndsWith("/v1/mainline/announcements", StringComparison.Ordinal));
            await answer.FinishedAsync();
            await ShouldBeSoundAsync(tab, isRefused: answer.Status >= 400);
        }

        _mainline.ShouldNotBeNull().Answers.ShouldBeGreaterThan(10);
        foreach ((string view, string words) in ((string, string)[])[("", "Mainline"), ("table/mainline", "in 1 bucket"), ("map/mainline", "Median round trip"), ("lookups", "Lookups, newest first")])
        {
            await tab.GoAsync(view);
            await tab.SeeAsync(words);
            await ShouldBeSoundAsync(tab, isRefused: true);
        }

        // The write that was refused stands in the trace, under its code. The oldest of the key: what was refused is tried again after a while.
        await tab.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "09090909" }).Last.GetByRole(AriaRole.Link).First.ClickAsync();
        await tab.SeeAsync("Hops against time");
        await tab.SeeAsync("store", ".ladder");
        (await tab.Page.Locator(".ladder title").AllTextContentsAsync()).ShouldContain(title => title.Contains("refused to store it", StringComparison.Ordinal) && title.Contains("error 203", StringComparison.Ordinal));
        await ShouldBeSoundAsync(tab, isRefused: true);
    }

    [Fact]
    public async Task Agents_of_hostile_peers_are_text()
    {
        await using Tab tab = await chromium.OpenAsync(Address, "table/ipfs", script: HostileTests.Mark);
        await tab.SeeAsync("Live", "#link");
        foreach (string agent in s_agents)
        {
            // As it is shown: what cannot be seen is made visible or left out.
            string seen = new([.. agent.TakeWhile(letter => letter is >= ' ' and <= '~')]);
            await tab.Page.WaitForFunctionAsync("text => document.querySelector('main').textContent.includes(text)", seen);
        }

        await ShouldBeSoundAsync(tab);
        foreach (string view in (string[])["map/ipfs", ""])
        {
            await tab.GoAsync(view);
            await tab.SeeAsync("IPFS");
            await ShouldBeSoundAsync(tab);
        }
    }

    private async Task ShouldBeSoundAsync(Tab tab, bool isRefused = false)
    {
        await tab.Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(element => { element.open = true; })");
        (await tab.Page.EvaluateAsync<string[]>(HostileTests.Strange)).ShouldBeEmpty();

        // The browser itself notes each status of 400 and above.
        tab.Complaints.Where(complaint => !isRefused || !complaint.Contains("the server responded with a status of", StringComparison.Ordinal)).ShouldBeEmpty();
        tab.Addresses.Where(address => !address.StartsWith(Address, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static Task ClickAsync(Tab tab, string button) => tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button, Exact = true }).First.ClickAsync();

    private static IpfsOptions IpfsHere(string agent) => new()
    {
        Host = new Libp2pOptions { Identity = PrivateKey.Generate(new SecureRandom()), Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine, AgentVersion = agent },
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
