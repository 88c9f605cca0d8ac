using System.Net;
using Kadstone.Crypto;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Pkarr.Dns;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>Nodes of the DHT on loopback, each in a prefix of its own, and a relay over a node beside them.</summary>
internal sealed class PkarrSwarm : IAsyncDisposable
{
    private readonly List<MainlineDht> _nodes = [];
    private PkarrRelay? _relay;
    private HttpClient? _client;

    public MainlineDht Node => _nodes[^1];

    public PkarrRelay Relay => _relay ?? throw new InvalidOperationException("Not started.");

    public HttpClient Client => _client ?? throw new InvalidOperationException("Not started.");

    /// <param name="nodes">How many nodes beside the relay's own.</param>
    /// <param name="change">Of the relay's options.</param>
    /// <param name="time">The relay's clock.</param>
    public static async Task<PkarrSwarm> StartAsync(int nodes = 4, Func<PkarrRelayOptions, PkarrRelayOptions>? change = null, TimeProvider? time = null)
    {
        PkarrSwarm swarm = new();
        string bootstrap = "";
        for (int node = 0; node <= nodes; node++)
        {
            swarm._nodes.Add(await MainlineDht.CreateAsync(new MainlineOptions
            {
                Addresses = [IPAddress.Parse($"127.88.{100 + node}.1")],
                Scope = AddressScope.Private,
                Bootstrap = bootstrap.Length == 0 ? [] : [bootstrap],
                LookupTimeout = TimeSpan.FromSeconds(20),
            }));
            bootstrap = bootstrap.Length == 0 ? swarm._nodes[0].LocalEndpoints[0].ToString() : bootstrap;
        }

        await Task.WhenAll(swarm._nodes.Select(node => node.WaitForNetworkAsync(TestContext.Current.CancellationToken)));
        await swarm.StartRelayAsync(change, time);
        return swarm;
    }

    /// <summary>Starts the relay anew, with nothing in its memory.</summary>
    public async Task StartRelayAsync(Func<PkarrRelayOptions, PkarrRelayOptions>? change = null, TimeProvider? time = null)
    {
        await StopRelayAsync();
        PkarrRelayOptions options = new() { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), LookupBurst = 1000, RequestBurst = 1000 };
        _relay = await PkarrRelay.StartAsync(Node, change is null ? options : change(options), timeProvider: time, cancellationToken: TestContext.Current.CancellationToken);
        _client = new HttpClient { BaseAddress = new Uri($"http://{_relay.Endpoint}") };
    }

    public Task<RelayAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => Client.RelayAsync(HttpMethod.Get, path, null, headers);

    public Task<RelayAnswer> PutAsync(string path, byte[] body, params (string Name, string Value)[] headers) => Client.RelayAsync(HttpMethod.Put, path, body, headers);

    /// <summary>A packet of one TXT record under a key of its own, or another version under a given seed.</summary>
    public static PkarrPacket Packet(byte[]? seed = null, string text = "hello", long? timestamp = null, uint ttl = 3600)
    {
        if (seed is null)
        {
            seed = new byte[Ed25519.SeedLength];
            new SecureRandom().NextBytes(seed);
        }

        DnsRecord record = new("_test", DnsType.TXT, DnsRecord.Internet, ttl, DnsContent.Parse(DnsType.TXT, text));
        return PkarrPacket.Sign(seed, DnsMessage.Write([record]), timestamp ?? 1_750_000_000_000_000);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRelayAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
    }

    private async Task StopRelayAsync()
    {
        _client?.Dispose();
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }
    }
}
