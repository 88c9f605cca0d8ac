using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Kadstone.Daemon.V1;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Kademlia;
using Kadstone.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Events, health, metrics, the page, the description and the test network's controls.</summary>
[Collection(nameof(V1Network))]
public sealed class ServiceTests(V1Network network)
{
    [Fact]
    public async Task Events_tell_the_status_and_each_lookup()
    {
        using HttpResponseMessage response = await network.Client.GetAsync("/v1/events", HttpCompletionOption.ResponseHeadersRead, V1Network.Cancelled);
        response.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe("text/event-stream");
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(V1Network.Cancelled));
        (await NextAsync(reader, "status")).GetProperty("networks").GetArrayLength().ShouldBe(3);
        string key = V1Network.NewKey(20);
        Answer peers = await network.GetAsync($"/v1/mainline/peers/{key}");
        JsonElement lookup;
        do
        {
            lookup = await NextAsync(reader, "lookup");
        }
        while (lookup.GetProperty("target").GetString() != key || lookup.GetProperty("state").GetString() == "running");

        lookup.GetProperty("id").GetString().ShouldBe(peers.Lines[^1].GetProperty("lookup").GetString());
    }

    [Fact]
    public async Task A_listener_who_is_slow_loses_events_and_holds_nobody_up()
    {
        using MemoryStoreOwner owner = new();
        LookupLog log = new(TimeProvider.System);
        using RecordDesk records = new(owner.Store, TimeProvider.System);
        using StatusDesk status = new(new NodeParts { Store = owner.Store }, [], log, records, () => null, new SilenceWatch([], TimeProvider.System), TimeProvider.System);
        await using EventHub hub = new(status, log, TimeProvider.System, NullLogger.Instance);
        hub.Start();
        Channel<ServerEvent> slow = hub.Listen();
        Channel<ServerEvent> quick = hub.Listen();
        LookupWatch<int> watch = new(log, "mainline", contact => new ContactText("", new byte[20], ""), _ => "");
        for (int n = 1; n <= 500; n++)
        {
            watch.Began(new LookupBeginning("get_peers", new byte[20], new byte[20], false), default)!.Ended(LookupEnd.Exhausted, []);

            // The quick one takes each before the next begins: it loses none.
            while (JsonDocument.Parse((await TakeAsync(quick, "lookup")).Json).RootElement.GetProperty("id").GetString() != $"{n}")
            {
            }
        }

        slow.Reader.Count.ShouldBe(64);
    }

    [Fact]
    public void So_many_may_listen_and_no_more()
    {
        LookupLog log = new(TimeProvider.System);
        using MemoryStoreOwner owner = new();
        using RecordDesk records = new(owner.Store, TimeProvider.System);
        using StatusDesk status = new(new NodeParts { Store = owner.Store }, [], log, records, () => null, new SilenceWatch([], TimeProvider.System), TimeProvider.System);
        EventHub hub = new(status, log, TimeProvider.System, NullLogger.Instance);
        Channel<ServerEvent>[] listeners = [.. Enumerable.Range(0, EventHub.MaxListeners).Select(_ => hub.Listen())];
        Should.Throw<V1Exception>((Action)(() => hub.Listen())).Status.ShouldBe(503);
        hub.Leave(listeners[0]);
        hub.Listen().ShouldNotBeNull();
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/health/reachable")]
    public async Task A_healthy_daemon_says_so(string path) =>
        (await network.GetAsync(path)).ShouldBe(HttpStatusCode.OK).GetProperty("status").GetString().ShouldBe("ok");

    [Fact]
    public async Task Metrics_are_Prometheus_text()
    {
        using HttpResponseMessage response = await network.Client.GetAsync("/metrics", V1Network.Cancelled);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType.ShouldNotBeNull().ToString().ShouldContain("version=0.0.4");
        (await response.Content.ReadAsStringAsync(V1Network.Cancelled)).ShouldContain("# TYPE ");
    }

    [Fact]
    public async Task The_page_is_served_with_its_policy_and_knows_no_secret()
    {
        using HttpResponseMessage response = await network.Client.GetAsync("/", V1Network.Cancelled);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe("text/html");
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("script-src 'self'");
    }

    [Fact]
    public async Task Every_route_is_described_and_every_description_has_a_schema()
    {
        JsonElement paths = (await network.GetAsync("/openapi/v1.json")).ShouldBe(HttpStatusCode.OK).GetProperty("paths");
        paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).Order().ShouldBe(
            new[]
            {
                "DELETE /v1/devnet/nodes/{network}/{number}", "DELETE /v1/publications/{id}", "GET /health/live", "GET /health/reachable", "GET /health/ready", "GET /metrics",
                "GET /openapi/v1.json", "GET /v1/devnet", "GET /v1/events", "GET /v1/lookups", "GET /v1/lookups/{id}", "GET /v1/networks/{network}/table", "GET /v1/publications",
                "GET /v1/records", "GET /v1/records/density", "GET /v1/status", "GET /v1/{network}/peers/{key}", "GET /v1/{network}/values/{key}", "POST /v1/devnet/nodes",
                "POST /v1/publications/{id}/check", "POST /v1/{network}/announcements", "PUT /v1/{network}/values",
            }.Order());
        JsonElement status = paths.GetProperty("/v1/status").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        status.GetProperty("properties").TryGetProperty("uptimeSeconds", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task The_test_network_is_shown_grown_and_thinned()
    {
        (await network.PostAsync("/v1/devnet/nodes", """{"network":"mainline","count":2}""")).ShouldBe(HttpStatusCode.Created).GetProperty("nodes").GetArrayLength().ShouldBe(2);
        JsonElement[] nodes = [.. (await network.GetAsync("/v1/devnet")).ShouldBe(HttpStatusCode.OK).GetProperty("nodes").EnumerateArray()];
        int number = nodes[^1].GetProperty("number").GetInt32();
        nodes[^1].GetProperty("isRunning").GetBoolean().ShouldBeTrue();
        (await network.DeleteAsync($"/v1/devnet/nodes/mainline/{number}")).ShouldBe(HttpStatusCode.NoContent);
        (await network.DeleteAsync($"/v1/devnet/nodes/mainline/{number}")).ShouldFail(HttpStatusCode.NotFound, $"{number}");
        (await network.DeleteAsync("/v1/devnet/nodes/mainline/x")).ShouldFail(HttpStatusCode.NotFound, "x");
        (await network.PostAsync("/v1/devnet/nodes", """{"network":"gnutella"}""")).ShouldFail(HttpStatusCode.NotFound, "gnutella");
        (await network.PostAsync("/v1/devnet/nodes", """{"network":"ipfs","count":1001}""")).ShouldFail(HttpStatusCode.BadRequest, "1 to 1000");
    }

    private static async Task<JsonElement> NextAsync(StreamReader reader, string name)
    {
        while (true)
        {
            string line = (await reader.ReadLineAsync(V1Network.Cancelled)).ShouldNotBeNull();
            if (line == $"event: {name}")
            {
                string data = (await reader.ReadLineAsync(V1Network.Cancelled)).ShouldNotBeNull();
                data.ShouldStartWith("data: ");
                return JsonDocument.Parse(data["data: ".Length..]).RootElement;
            }
        }
    }

    private static async Task<ServerEvent> TakeAsync(Channel<ServerEvent> channel, string name)
    {
        while (true)
        {
            ServerEvent happened = await channel.Reader.ReadAsync(V1Network.Cancelled);
            if (happened.Name == name)
            {
                return happened;
            }
        }
    }

    private sealed class MemoryStoreOwner : IDisposable
    {
        public MemoryRecordStore Store { get; } = new();

        public void Dispose() => Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
