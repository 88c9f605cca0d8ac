using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Two real nodes of each network on loopback, and the nodes of a process that joined through them, with their daemon and a client.</summary>
public sealed class V1Network : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _others = [];
    private KadstoneNode? _node;

    /// <summary>The daemon whose API is asked.</summary>
    public KadstoneDaemon Daemon { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public KadstoneNode Node => _node!;

    /// <summary>A stranger on Mainline.</summary>
    public MainlineDht Mainline { get; private set; } = null!;

    /// <summary>A stranger on Hyperswarm.</summary>
    public HyperDht Hyperswarm { get; private set; } = null!;

    /// <summary>A stranger on IPFS.</summary>
    public IpfsDht Ipfs { get; private set; } = null!;

    internal ScriptedDevnet Devnet { get; } = new();

    public async ValueTask InitializeAsync()
    {
        for (int n = 0; n < 2; n++)
        {
            Mainline = Kept(await MainlineDht.CreateAsync(MainlineHere(n)));
            Hyperswarm = Kept(await HyperDht.CreateAsync(HyperswarmHere(n)));
            Ipfs = Kept(await IpfsDht.CreateAsync(IpfsHere()));
        }

        (_node, Daemon) = await StartAsync(Options(), Devnet);
        Client = ClientOf(Daemon);
        await Mainline.WaitForNetworkAsync(Cancelled);
        await KnowsAsync(_node);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
        }

        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        foreach (IAsyncDisposable other in _others)
        {
            await other.DisposeAsync();
        }
    }

    public static HttpClient ClientOf(KadstoneDaemon daemon) => new() { BaseAddress = new Uri($"http://{daemon.Api}") };

    public static string NewKey(int length) => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(length));

    internal static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The options of nodes that join this network; nothing is kept.</summary>
    public KadstoneOptions Options() => new()
    {
        DataFolder = null,
        Mainline = MainlineHere(2) with { Bootstrap = [.. _others.OfType<MainlineDht>().Select(other => other.LocalEndpoints[0].ToString())] },
        Hyperswarm = HyperswarmHere(2) with { Bootstrap = [.. _others.OfType<HyperDht>().Select(other => other.Node.LocalEndpoint.ToString())] },
        Ipfs = IpfsHere() with { Bootstrap = [.. _others.OfType<IpfsDht>().Select(other => other.Addresses[0].WithPeer(other.LocalPeer))] },
    };

    internal static async Task<(KadstoneNode Node, KadstoneDaemon Daemon)> StartAsync(KadstoneOptions options, IDevnet? devnet = null)
    {
        KadstoneNode node = await KadstoneNode.CreateAsync(options);
        KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(
            node,
            new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0), Gateway = new IPEndPoint(IPAddress.Loopback, 0), Devnet = devnet });
        return (node, daemon);
    }

    /// <summary>Waits until the nodes know others in every network. Nobody announces that: they are asked until it is so.</summary>
    internal static async Task KnowsAsync(KadstoneNode node)
    {
        await Task.WhenAll(node.Networks.Select(network => network.WaitForNetworkAsync(Cancelled)));
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        while (node.Networks.Any(network => network.Status.Contacts < 2))
        {
            await timer.WaitForNextTickAsync(Cancelled);
        }
    }

    public async Task<Answer> GetAsync(string path, string? accept = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        }

        return await SendAsync(request);
    }

    public Task<Answer> PostAsync(string path, string? json) => SendAsync(HttpMethod.Post, path, json);

    public Task<Answer> PutAsync(string path, string json) => SendAsync(HttpMethod.Put, path, json);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public async Task<Answer> SendAsync(HttpRequestMessage request, HttpClient? client = null)
    {
        using HttpResponseMessage response = await (client ?? Client).SendAsync(request, Cancelled);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, string? json)
    {
        using HttpRequestMessage request = new(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    private T Kept<T>(T other)
        where T : IAsyncDisposable
    {
        _others.Add(other);
        return other;
    }

    private MainlineOptions MainlineHere(int number) => new()
    {
        Addresses = [IPAddress.Parse($"127.78.{number + 1}.1")],
        Scope = AddressScope.Private,
        Bootstrap = [.. _others.OfType<MainlineDht>().Select(other => other.LocalEndpoints[0].ToString())],
    };

    private HyperDhtOptions HyperswarmHere(int number) => new()
    {
        Host = IPAddress.Parse($"127.78.{number + 1}.1"),
        Scope = AddressScope.Private,
        Ephemeral = false,
        Bootstrap = [.. _others.OfType<HyperDht>().Select(other => other.Node.LocalEndpoint.ToString())],
    };

    private IpfsOptions IpfsHere() => new()
    {
        Host = new Libp2pOptions
        {
            Identity = PrivateKey.Generate(new SecureRandom()),
            Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)],
            Limits = HostLimits.OneMachine,
        },
        Scope = KadScope.Lan,
        Policy = AddressPolicy.Any,
        Mode = KadMode.Server,
        Bootstrap = [.. _others.OfType<IpfsDht>().Select(other => other.Addresses[0].WithPeer(other.LocalPeer))],
    };
}

/// <param name="Status">The status.</param>
/// <param name="Body">The whole body.</param>
public sealed record Answer(HttpStatusCode Status, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The lines of the body, each an object.</summary>
    public JsonElement[] Lines => [.. Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public JsonElement ShouldBe(HttpStatusCode status)
    {
        Status.ShouldBe(status, Body);
        return Body.Length == 0 ? default : Json;
    }

    /// <summary>An error is one sentence that says what is wrong, and nothing else.</summary>
    public string ShouldFail(HttpStatusCode status, string part)
    {
        Status.ShouldBe(status, Body);
        JsonProperty only = Json.EnumerateObject().ShouldHaveSingleItem();
        only.Name.ShouldBe("error");
        string sentence = only.Value.GetString().ShouldNotBeNull();
        sentence.ShouldContain(part);
        sentence.ShouldEndWith(".");
        sentence.ShouldNotContain("\n");
        return sentence;
    }
}
