using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Mainline;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>Bad packets, bad paths, too many of them, and a DHT that does not answer: each has its status, and costs no more than it must.</summary>
public sealed class PkarrHostileTests : IAsyncLifetime
{
    private readonly ScriptedNetwork _network = new();
    private PkarrRelay _relay = null!;
    private HttpClient _client = null!;

    public static TheoryData<string> BadPayloads => [.. PkarrVectors.List("bad_payloads").Select(bad => bad.Text("name"))];

    [Theory]
    [MemberData(nameof(BadPayloads))]
    public async Task A_bad_payload_is_refused_before_the_dht_hears_of_it(string name)
    {
        JsonElement bad = PkarrVectors.Named("bad_payloads", name);
        RelayAnswer answer = await _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key(bad.Text("key")), bad.Hex("payload"));
        ((int)answer.Status).ShouldBe(bad.GetProperty("put").GetInt32());
        answer.Header("Access-Control-Allow-Origin").ShouldBe("*");
        _network.Stores.ShouldBeEmpty();
        _relay.Status().Refused.ShouldBe(1);
    }

    [Theory]
    [InlineData("not-dns")]
    [InlineData("ts-2^63")]
    [InlineData("size-997")]
    [InlineData("size-1000")]
    public async Task What_no_node_would_store_is_refused(string name)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        (await _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key(vector.Text("key")), vector.Hex("payload"))).ShouldBe(HttpStatusCode.BadRequest);
        _network.Stores.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_without_an_end_is_read_as_far_as_a_payload_goes()
    {
        using TcpClient connection = new();
        await connection.ConnectAsync(_relay.Endpoint!, TestContext.Current.CancellationToken);
        NetworkStream stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT /{PkarrVectors.Key("A")} HTTP/1.1\r\nHost: any.example\r\nContent-Length: 60000000\r\n\r\n"), TestContext.Current.CancellationToken);
        await stream.WriteAsync(new byte[1105], TestContext.Current.CancellationToken);
        byte[] head = new byte[13];
        await stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
        Encoding.ASCII.GetString(head).ShouldBe("HTTP/1.1 413 ");
    }

    [Fact]
    public async Task A_text_that_is_no_key_is_a_bad_one()
    {
        foreach (string bad in PkarrVectors.List("z32/reject").Select(row => row.Text("text")).Where(text => text.Length > 0)
            .Append(PkarrVectors.List("z32/lenient_in_pkarr_rust")[0].Text("text")))
        {
            (await _client.RelayAsync(HttpMethod.Get, bad, null)).ShouldBe(HttpStatusCode.BadRequest);
            (await _client.RelayAsync(HttpMethod.Put, bad, PkarrVectors.Payload("apex-a"))).ShouldBe(HttpStatusCode.BadRequest);
        }

        foreach (string elsewhere in (string[])["", "a/b", $"{PkarrVectors.Key("A")}/x", $"routing/{PkarrVectors.Key("A")}"])
        {
            (await _client.RelayAsync(HttpMethod.Get, elsewhere, null)).ShouldBe(HttpStatusCode.NotFound);
        }

        _network.Finds.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("policy=Bogus")]
    [InlineData("policy=cacheonly")]
    [InlineData("policy=")]
    [InlineData("policy=0")]
    [InlineData("policy=CacheOnly&policy=NetworkOnly")]
    public async Task A_policy_that_does_not_exist_is_a_mistake(string query) =>
        (await _client.RelayAsync(HttpMethod.Get, $"{PkarrVectors.Key("A")}?{query}", null)).ShouldBe(HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("*")]
    [InlineData("\"1741107004412178\"")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task A_condition_that_cannot_be_read_is_not_taken_for_none(string condition)
    {
        RelayAnswer answer = await _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key("C"), PkarrVectors.Payload("newer"), ("If-Match", condition));
        answer.ShouldBe(HttpStatusCode.BadRequest);
        _network.Stores.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_older_packet_than_the_cached_one_never_reaches_the_dht()
    {
        (await PutAsync("newer")).ShouldBe(HttpStatusCode.NoContent);
        (await PutAsync("older")).ShouldBe(HttpStatusCode.Conflict);
        _network.Stores.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_vectors_conversation_over_nodes_that_replace_at_an_equal_sequence_number()
    {
        foreach ((int at, JsonElement step) in PkarrVectors.List("http_sequences")[0].GetProperty("steps").EnumerateArray().Index())
        {
            await PkarrRelayTests.StepAsync(_client, step, step[3].GetInt32(), at);
        }
    }

    [Fact]
    public async Task A_dht_that_nobody_answers_in_is_503_for_a_get_and_500_for_a_put()
    {
        foreach (Exception failure in (Exception[])[new NoNetworkException("nobody"), new DhtTimeoutException("late")])
        {
            _network.Failure = failure;
            (await _client.RelayAsync(HttpMethod.Get, PkarrVectors.Key("C"), null)).ShouldBe(HttpStatusCode.ServiceUnavailable).Header("Cache-Control").ShouldBe("no-store");
            (await PutAsync("newer")).ShouldBe(HttpStatusCode.InternalServerError);
        }

        _network.Failure = new InvalidOperationException("broken");
        (await _client.RelayAsync(HttpMethod.Get, PkarrVectors.Key("C"), null)).ShouldBe(HttpStatusCode.InternalServerError);
    }

    [Theory]
    [InlineData(0, 0, 10, 0, 500)]
    [InlineData(0, 4, 6, 202, 500)]
    [InlineData(1, 0, 9, 0, 204)]
    [InlineData(5, 5, 0, 302, 204)]
    [InlineData(4, 6, 0, 302, 409)]
    [InlineData(4, 6, 0, 301, 412)]
    [InlineData(4, 6, 0, 202, 204)]
    public async Task What_the_nodes_say_is_counted(int stored, int refused, int silent, int error, int status)
    {
        PkarrPacket newer = PkarrPacketTests.Read(PkarrVectors.Named("packets", "ts-2^53+1"));
        _network.Place(newer.Key, new PkarrFinding(newer, null, refused));
        _network.Commit = new CommitOutcome(stored, refused, silent, error);
        RelayAnswer answer = await PutAsync("newer");
        ((int)answer.Status).ShouldBe(status);
        answer.Header("Pkarr-Dht-Stored-Nodes").ShouldBe(status == 204 ? $"{stored}" : null);
    }

    [Theory]
    [InlineData(8, 0, 302)]
    [InlineData(0, 8, 0)]
    public async Task Nodes_that_hold_the_packet_and_refuse_it_or_are_silent_hold_it(int refused, int silent, int error)
    {
        PkarrPacket packet = PkarrPacketTests.Read(PkarrVectors.Named("packets", "newer"));
        _network.Place(packet.Key, new PkarrFinding(packet, null, 7));
        _network.Commit = new CommitOutcome(0, refused, silent, error);
        (await PutAsync("newer")).ShouldBe(HttpStatusCode.NoContent).Header("Pkarr-Dht-Stored-Nodes").ShouldBe("7");
    }

    [Fact]
    public async Task Many_who_ask_for_one_key_cost_one_lookup()
    {
        PkarrPacket packet = PkarrSwarm.Packet();
        TaskCompletionSource gate = new();
        _network.Gate = gate.Task;
        _network.Place(packet.Key, new PkarrFinding(packet, null, 8));
        PacketCache cache = new(10);
        await using PkarrLookups lookups = new(_network, cache, TimeProvider.System, most: 1);
        using CancellationTokenSource impatient = new();
        Task<PkarrFinding> first = lookups.TryStart(packet.Key).ShouldNotBeNull().FirstAsync(null, impatient.Token);
        Task<PkarrFinding>[] others = [.. Enumerable.Range(0, 7).Select(_ => lookups.TryStart(packet.Key).ShouldNotBeNull().FirstAsync(null, TestContext.Current.CancellationToken))];
        lookups.TryStart(PkarrSwarm.Packet().Key).ShouldBeNull("no more lookups than that");
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        (await Task.WhenAll(others)).ShouldAllBe(finding => finding.Packet == packet);
        _network.Finds.Count.ShouldBe(1);
        cache.Find(packet.Key).ShouldNotBeNull().Packet.ShouldBe(packet);
    }

    [Fact]
    public async Task One_host_may_ask_the_dht_so_often_and_the_cache_oftener()
    {
        await RestartAsync(options => options with { LookupBurst = 5 });
        PkarrPacket cached = PkarrSwarm.Packet();
        (await _client.RelayAsync(HttpMethod.Put, cached.Key.Text, cached.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        List<RelayAnswer> answers = [];
        for (int asked = 0; asked < 50; asked++)
        {
            answers.Add(await _client.RelayAsync(HttpMethod.Get, $"{PkarrVectors.Key("A")}?policy=NetworkOnly", null));
        }

        RelayAnswer busy = answers.First(answer => answer.Status == HttpStatusCode.TooManyRequests);
        busy.Header("Retry-After").ShouldBe("1");
        busy.Header("Access-Control-Allow-Origin").ShouldBe("*", "a browser must see why");
        answers[0].ShouldBe(HttpStatusCode.NotFound);
        (await _client.RelayAsync(HttpMethod.Get, cached.Key.Text, null)).ShouldBe(HttpStatusCode.OK);
        (await _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key("C"), PkarrVectors.Payload("newer")) is { } put && put.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.NoContent).ShouldBeTrue();
    }

    [Fact]
    public async Task A_preflight_is_never_one_too_many()
    {
        await RestartAsync(options => options with { RequestBurst = 1 });
        for (int asked = 0; asked < 20; asked++)
        {
            (await _client.RelayAsync(HttpMethod.Options, PkarrVectors.Key("A"), null)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task The_cache_forgets_the_least_used()
    {
        await RestartAsync(options => options with { CacheSize = 2 });
        PkarrPacket[] packets = [PkarrSwarm.Packet(), PkarrSwarm.Packet(), PkarrSwarm.Packet()];
        foreach (PkarrPacket packet in packets[..2])
        {
            (await _client.RelayAsync(HttpMethod.Put, packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        }

        (await _client.RelayAsync(HttpMethod.Get, $"{packets[0].Key}?policy=CacheOnly", null)).ShouldBe(HttpStatusCode.OK);
        (await _client.RelayAsync(HttpMethod.Put, packets[2].Key.Text, packets[2].ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        (await _client.RelayAsync(HttpMethod.Get, $"{packets[0].Key}?policy=CacheOnly", null)).ShouldBe(HttpStatusCode.OK);
        (await _client.RelayAsync(HttpMethod.Get, $"{packets[1].Key}?policy=CacheOnly", null)).ShouldBe(HttpStatusCode.NotFound);
        _relay.Status().Cached.ShouldBe(2);
    }

    [Fact]
    public async Task Options_out_of_range_are_named()
    {
        foreach (PkarrRelayOptions options in (PkarrRelayOptions[])
            [new() { CacheSize = 0 }, new() { MinTtl = TimeSpan.FromDays(2) }, new() { MaxKept = -1 }, new() { RepublishInterval = TimeSpan.FromHours(3) }, new() { KeepFor = TimeSpan.Zero }, new() { LookupBurst = 0 }])
        {
            (await Should.ThrowAsync<ArgumentException>(() => PkarrRelay.StartAsync(_network, options, null, null, default))).Message.ShouldStartWith("PkarrRelayOptions.");
        }
    }

    public async ValueTask InitializeAsync() => await RestartAsync(options => options);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _relay.DisposeAsync();
    }

    private Task<RelayAnswer> PutAsync(string packet) => _client.RelayAsync(HttpMethod.Put, PkarrVectors.Key("C"), PkarrVectors.Payload(packet));

    private async Task RestartAsync(Func<PkarrRelayOptions, PkarrRelayOptions> change)
    {
        if (_relay is not null)
        {
            await DisposeAsync();
        }

        PkarrRelayOptions options = new() { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), LookupBurst = 1000, RequestBurst = 1000 };
        _relay = await PkarrRelay.StartAsync(_network, change(options), NullLoggerFactory.Instance, null, TestContext.Current.CancellationToken);
        _client = new HttpClient { BaseAddress = new Uri($"http://{_relay.Endpoint}") };
    }
}
