using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Kadstone.Tests;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 36: a daemon whose HTTP answers and whose network is gone says that it cannot be reached, and takes it back.</summary>
public sealed class IsolationTests
{
    // Ten times what is asked for.
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan s_bar = TimeSpan.FromSeconds(30);

    private static readonly PrivateKey s_peerKey = PrivateKey.Generate(new SecureRandom());

    public static TheoryData<string> Networks => ["mainline", "hyperswarm", "ipfs"];

    [Theory]
    [MemberData(nameof(Networks))]
    public Task Health_follows_the_network(string network) => RunAsync(network, 40, TimeSpan.Zero, new ShiftedTimeProvider());

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Networks))]
    public async Task Two_minutes_away(string network)
    {
        (TimeSpan lost, TimeSpan back) = await RunAsync(network, 50, TimeSpan.FromMinutes(2), null);
        TestContext.Current.TestOutputHelper?.WriteLine($"bar 36, {network} away for 2 min: not ok after {lost.TotalSeconds:F1} s, ok again after {back.TotalSeconds:F1} s");
        lost.ShouldBeLessThan(s_bar);
        back.ShouldBeLessThan(s_bar);
    }

    /// <param name="clock">The daemon's, which each question pushes ahead so that none is answered from memory; null: the system's.</param>
    private static async Task<(TimeSpan Lost, TimeSpan Back)> RunAsync(string network, int number, TimeSpan away, ShiftedTimeProvider? clock)
    {
        IPAddress there = IPAddress.Parse($"127.79.{number}.1");
        IPAddress here = IPAddress.Parse($"127.79.{number}.2");
        List<IAsyncDisposable> others = [await StartAsync(network, there, 0), await StartAsync(network, IPAddress.Parse($"127.79.{number}.3"), 0)];
        int port = PortOf(others[0]);
        int second = PortOf(others[1]);
        KadstoneOptions options = new() { DataFolder = null };
        switch (network)
        {
            case "mainline":
                options.Mainline = Mainline(here, 0, [$"{there}:{port}", $"127.79.{number}.3:{second}"]);
                break;
            case "hyperswarm":
                options.Hyperswarm = Hyperswarm(here, 0, [$"{there}:{port}", $"127.79.{number}.3:{second}"]);
                break;
            default:
                options.Ipfs = Ipfs(here, 0, PrivateKey.Generate(new SecureRandom()), [Multiaddr.FromTcp(there, port).WithPeer(s_peerKey.PeerId)]);
                break;
        }

        await using (KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled))
        await using (KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(
            node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }, timeProvider: clock, cancellationToken: V1Network.Cancelled))
        {
            using HttpClient client = V1Network.ClientOf(daemon);
            client.Timeout = s_guard;
            await node.Networks[0].WaitForNetworkAsync(V1Network.Cancelled);
            await UntilAsync(client, clock, HttpStatusCode.OK);

            long stopped = Stopwatch.GetTimestamp();
            await others[0].DisposeAsync();
            await others[1].DisposeAsync();
            await UntilAsync(client, clock, HttpStatusCode.ServiceUnavailable);
            TimeSpan lost = Stopwatch.GetElapsedTime(stopped);
            (await client.GetAsync("/health/live", V1Network.Cancelled)).StatusCode.ShouldBe(HttpStatusCode.OK);
            await UntilStatusAsync(client, clock, isSilent: true);
            while (Stopwatch.GetElapsedTime(stopped) < away)
            {
                await UntilAsync(client, clock, HttpStatusCode.ServiceUnavailable);
            }

            long started = Stopwatch.GetTimestamp();
            others = [await StartAsync(network, there, port), await StartAsync(network, IPAddress.Parse($"127.79.{number}.3"), second)];
            await UntilAsync(client, clock, HttpStatusCode.OK);
            TimeSpan back = Stopwatch.GetElapsedTime(started);
            await UntilStatusAsync(client, clock, isSilent: false);
            await others[0].DisposeAsync();
            await others[1].DisposeAsync();
            return (lost, back);
        }
    }

    /// <summary>A table keeps its contacts for a while: the status says all the same that nobody answers, and for how long.</summary>
    private static async Task UntilStatusAsync(HttpClient client, ShiftedTimeProvider? clock, bool isSilent)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(200));
        long began = Stopwatch.GetTimestamp();
        string verdict;
        do
        {
            await timer.WaitForNextTickAsync(V1Network.Cancelled);
            clock?.Advance(TimeSpan.FromSeconds(11));
            using JsonDocument status = JsonDocument.Parse(await client.GetStringAsync("/v1/status", V1Network.Cancelled));
            JsonElement network = status.RootElement.GetProperty("networks")[0];
            verdict = network.GetProperty("verdict").GetString()!;
            if (isSilent ? verdict.Contains("nobody has answered for", StringComparison.Ordinal) || verdict.Contains("nobody answers", StringComparison.Ordinal) : network.GetProperty("level").GetString() != "fail")
            {
                network.GetProperty("level").GetString().ShouldBe(isSilent ? "fail" : network.GetProperty("level").GetString());
                return;
            }
        }
        while (Stopwatch.GetElapsedTime(began) < s_guard);

        Assert.Fail($"The status went on to say '{verdict}'.");
    }

    // Health is asked for as a supervisor does, five times a second at most.
    private static async Task UntilAsync(HttpClient client, ShiftedTimeProvider? clock, HttpStatusCode status)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(200));
        long began = Stopwatch.GetTimestamp();
        do
        {
            await timer.WaitForNextTickAsync(V1Network.Cancelled);
            clock?.Advance(TimeSpan.FromSeconds(11));
            using HttpResponseMessage answer = await client.GetAsync("/health/reachable", V1Network.Cancelled);
            if (answer.StatusCode == status)
            {
                return;
            }
        }
        while (Stopwatch.GetElapsedTime(began) < s_guard);

        Assert.Fail($"Health did not become {status}.");
    }

    private static async Task<IAsyncDisposable> StartAsync(string network, IPAddress address, int port)
    {
        return network switch
        {
            "mainline" => await MainlineDht.CreateAsync(Mainline(address, port, [])),
            "hyperswarm" => await HyperDht.CreateAsync(Hyperswarm(address, port, [])),
            _ => await IpfsDht.CreateAsync(Ipfs(address, port, address.GetAddressBytes()[3] == 1 ? s_peerKey : PrivateKey.Generate(new SecureRandom()), [])),
        };
    }

    private static int PortOf(IAsyncDisposable node) => node switch
    {
        MainlineDht mainline => mainline.Port,
        HyperDht hyperswarm => hyperswarm.Node.LocalEndpoint.Port,
        IpfsDht ipfs => int.Parse(ipfs.Addresses[0].ToString().Split('/')[4], System.Globalization.CultureInfo.InvariantCulture),
        _ => throw new ArgumentException("There is no such node.", nameof(node)),
    };

    private static MainlineOptions Mainline(IPAddress address, int port, string[] known) => new() { Addresses = [address], Port = port, Scope = AddressScope.Private, Bootstrap = known };

    private static HyperDhtOptions Hyperswarm(IPAddress address, int port, string[] known) => new() { Host = address, Port = port, Scope = AddressScope.Private, Ephemeral = false, Bootstrap = known };

    private static IpfsOptions Ipfs(IPAddress address, int port, PrivateKey identity, Multiaddr[] known) => new()
    {
        Host = new Libp2pOptions { Identity = identity, Listen = [Multiaddr.FromTcp(address, port)], Limits = HostLimits.OneMachine },
        Scope = KadScope.Lan,
        Policy = AddressPolicy.Any,
        Mode = KadMode.Server,
        Bootstrap = known,
    };
}
