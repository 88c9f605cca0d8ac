using System.Net;
using Kadstone.Crypto;
using Kadstone.Daemon.Http;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Routing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>The relay beside Delegated Routing on one gateway: each has its own paths, and the gateway's rules are for both.</summary>
public sealed class PkarrMountTests : IAsyncLifetime
{
    private readonly ScriptedNetwork _network = new();
    private readonly GatewayGuard _guard = new(1000);
    private IpfsDht _dht = null!;
    private PkarrRelay _relay = null!;
    private WebListener _listener = null!;
    private HttpClient _client = null!;

    [Fact]
    public async Task Each_has_its_own_paths()
    {
        (await _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key("C"), PkarrVectors.Payload("newer"))).ShouldBe(HttpStatusCode.NoContent);
        (await _client.RelayAsync(HttpMethod.Get, PkarrVectors.Key("C"), null)).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(PkarrVectors.Payload("newer"));

        // Its node was told to take part in no DHT.
        (await _client.RelayAsync(HttpMethod.Get, $"routing/v1/peers/{_dht.LocalPeer}", null)).ShouldBe(HttpStatusCode.NotImplemented);
    }

    [Fact]
    public async Task What_does_not_look_like_a_key_is_not_the_relays()
    {
        // A peer id has 52 letters as well, and others.
        foreach (string path in (string[])["nonsense", PkarrVectors.Key("A").ToUpperInvariant(), PkarrVectors.Key("A")[1..], _dht.LocalPeer.ToString(), $"{PkarrVectors.Key("A")}/x"])
        {
            (await _client.RelayAsync(HttpMethod.Get, path, null)).ShouldBe(HttpStatusCode.NotFound);
        }

        (await _client.RelayAsync(HttpMethod.Post, PkarrVectors.Key("A"), [])).ShouldBe(HttpStatusCode.MethodNotAllowed);
        _network.Finds.ShouldBeEmpty();
        _relay.Endpoint.ShouldBeNull();
    }

    [Fact]
    public async Task A_preflight_is_answered_as_each_has_it()
    {
        (await _client.RelayAsync(HttpMethod.Options, PkarrVectors.Key("A"), null)).ShouldBe(HttpStatusCode.OK);
        (await _client.RelayAsync(HttpMethod.Options, $"routing/v1/ipns/{_dht.LocalPeer}", null)).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task One_key_is_published_under_once_at_a_time()
    {
        KeyTurns turns = new();
        PkarrKey key = PkarrPacketTests.Key("A");
        KeyTurns.Turn first = await turns.TakeAsync(key, TestContext.Current.CancellationToken);
        Task<KeyTurns.Turn> second = turns.TakeAsync(key, TestContext.Current.CancellationToken);
        using CancellationTokenSource impatient = new();
        Task<KeyTurns.Turn> third = turns.TakeAsync(key, impatient.Token);
        (await turns.TakeAsync(PkarrPacketTests.Key("B"), TestContext.Current.CancellationToken)).Dispose();
        second.IsCompleted.ShouldBeFalse();
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => third);
        first.Dispose();
        (await second).Dispose();
        (await turns.TakeAsync(key, TestContext.Current.CancellationToken)).Dispose();
    }

    public async ValueTask InitializeAsync()
    {
        IpfsOptions options = new()
        {
            Host = new Libp2pOptions { Identity = PrivateKey.Generate(new SecureRandom()), Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
            Scope = KadScope.Lan,
            Policy = AddressPolicy.Any,
        };
        _dht = await IpfsDht.CreateAsync(options);
        _relay = await PkarrRelay.StartAsync(_network, new PkarrRelayOptions(), null, null, TestContext.Current.CancellationToken);
        RoutingEndpoints routing = new(new DhtNode(_dht, options, hasRouting: false), TimeProvider.System, NullLogger.Instance, default);
        _listener = await WebListener.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance, Map, TestContext.Current.CancellationToken);
        _client = new HttpClient { BaseAddress = new Uri($"http://{_listener.Endpoint}") };

        void Map(WebApplication application)
        {
            application.Use(next => context => _guard.InvokeAsync(context, next));
            application.UseRouting();
            routing.Map(application);
            _relay.Map(application);
            application.MapFallback(context => PlainText.AnswerAsync(context, StatusCodes.Status404NotFound, "404 page not found"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _listener.DisposeAsync();
        await _relay.DisposeAsync();
        await _dht.DisposeAsync();
        _guard.Dispose();
    }
}
