using System.Globalization;
using System.Net;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Mainline;
using Kadstone.Tests;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>The relay over real nodes, status by status and header by header.</summary>
public sealed class PkarrRelayTests : IAsyncLifetime
{
    private PkarrSwarm _swarm = null!;

    [Fact]
    public async Task A_packet_that_is_put_is_stored_in_the_dht_and_got_again()
    {
        PkarrPacket packet = PkarrSwarm.Packet();
        RelayAnswer put = (await _swarm.PutAsync(packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        int stored = int.Parse(put.Header("Pkarr-Dht-Stored-Nodes")!, CultureInfo.InvariantCulture);
        stored.ShouldBeInRange(1, 8);
        put.Body.ShouldBeEmpty();

        FoundItem item = (await _swarm.Node.GetMutableAsync(packet.Key.Bytes, cancellationToken: TestContext.Current.CancellationToken)).ShouldNotBeNull();
        item.Sequence.ShouldBe(packet.Timestamp);
        item.Value.TryGetBytes(out ReadOnlyMemory<byte> message).ShouldBeTrue();
        message.ToArray().ShouldBe(packet.Message.ToArray());

        RelayAnswer got = (await _swarm.GetAsync(packet.Key.Text)).ShouldBe(HttpStatusCode.OK);
        got.Body.ShouldBe(packet.ToPayload());
        _swarm.Relay.Status().ShouldBe(new PkarrRelayStatus(Cached: 1, Kept: 1, Unkept: 0, Published: 1, Republished: 0, RepublishFailures: 0, Refused: 0));
        _swarm.Relay.Kept().ShouldHaveSingleItem().Holders.ShouldBe(stored);
    }

    [Fact]
    public async Task A_packet_is_told_of_before_the_lookup_has_ended()
    {
        PkarrPacket packet = PkarrSwarm.Packet();
        (await _swarm.PutAsync(packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        List<PkarrPacket> told = [];
        PkarrFinding finding = await new MainlinePkarr(_swarm.Node).FindAsync(packet.Key, told.Add, TestContext.Current.CancellationToken);
        finding.Packet.ShouldNotBeNull().ToPayload().ShouldBe(packet.ToPayload());
        told.ShouldHaveSingleItem("once, however many nodes have it").ToPayload().ShouldBe(packet.ToPayload());
    }

    [Fact]
    public async Task Another_relay_resolves_it_from_the_dht()
    {
        PkarrPacket packet = PkarrSwarm.Packet();
        (await _swarm.PutAsync(packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        await _swarm.StartRelayAsync();
        (await _swarm.GetAsync($"{packet.Key}?policy=CacheOnly")).ShouldBe(HttpStatusCode.NotFound);
        (await _swarm.GetAsync(packet.Key.Text)).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(packet.ToPayload());
        (await _swarm.GetAsync($"{packet.Key}?policy=CacheOnly")).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(packet.ToPayload());
    }

    [Fact]
    public async Task An_answer_says_how_old_it_is_and_how_long_it_holds()
    {
        PkarrPacket packet = PkarrSwarm.Packet(timestamp: 784_111_777_500_000, ttl: 600);
        (await _swarm.PutAsync(packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        foreach (string path in (string[])[packet.Key.Text, $"{packet.Key}?policy=CacheOnly", $"{packet.Key}?policy=NetworkOnly"])
        {
            RelayAnswer got = (await _swarm.GetAsync(path)).ShouldBe(HttpStatusCode.OK);
            got.Header("Content-Type").ShouldBe("application/pkarr.org/relays#payload");
            got.Header("Content-Length").ShouldBe(packet.ToPayload().Length.ToString(CultureInfo.InvariantCulture));
            got.Header("Cache-Control").ShouldBe("public, max-age=600");
            got.Header("Last-Modified").ShouldBe("Sun, 06 Nov 1994 08:49:37 GMT");
            DateTimeOffset.ParseExact(got.Header("Memento-Datetime")!, "R", CultureInfo.InvariantCulture).Year.ShouldBeGreaterThan(2024);
            got.Header("Access-Control-Allow-Origin").ShouldBe("*");
            got.Header("Access-Control-Expose-Headers").ShouldNotBeNull().ShouldContain("Pkarr-Dht-Stored-Nodes");
        }

        RelayAnswer head = (await _swarm.Client.RelayAsync(HttpMethod.Head, packet.Key.Text, null)).ShouldBe(HttpStatusCode.OK);
        head.Header("Content-Length").ShouldBe(packet.ToPayload().Length.ToString(CultureInfo.InvariantCulture));
        head.Body.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_client_has_already_is_not_sent_again()
    {
        byte[] seed = new byte[32];
        foreach (JsonElement row in PkarrVectors.List("if_modified_since"))
        {
            PkarrPacket packet = PkarrSwarm.Packet(seed: seed, timestamp: long.Parse(row.Text("timestamp"), CultureInfo.InvariantCulture));
            seed = [.. seed.Select(each => (byte)(each + 1))];
            packet = PkarrSwarm.Packet(seed: seed, timestamp: packet.Timestamp);
            (await _swarm.PutAsync(packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
            RelayAnswer got = await _swarm.GetAsync(packet.Key.Text, ("If-Modified-Since", row.Text("if_modified_since")));
            got.ShouldBe((HttpStatusCode)row.GetProperty("status").GetInt32());
            got.Header("Last-Modified").ShouldBe(row.Text("last_modified"));
            got.Header("Cache-Control").ShouldBe("public, max-age=3600");
            got.Header("Memento-Datetime").ShouldNotBeNull();
            got.Body.Length.ShouldBe(got.Status == HttpStatusCode.OK ? packet.ToPayload().Length : 0);
        }
    }

    [Theory]
    [InlineData("ts-year-10000")]
    [InlineData("ts-2^63-1")]
    [InlineData("ts-2^53+1")]
    [InlineData("ts-zero")]
    public async Task A_timestamp_without_a_date_is_served_without_one(string name)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        (await _swarm.PutAsync(PkarrVectors.Key("C"), vector.Hex("payload"))).ShouldBe(HttpStatusCode.NoContent);
        RelayAnswer got = (await _swarm.GetAsync(PkarrVectors.Key("C"), ("If-Modified-Since", "Sun, 06 Nov 1960 08:49:37 GMT"))).ShouldBe(HttpStatusCode.OK);
        got.Body.ShouldBe(vector.Hex("payload"));
        got.Header("Last-Modified").ShouldBe(vector.Has("last_modified") ? vector.Text("last_modified") : null);
    }

    [Fact]
    public async Task Nothing_is_404_and_not_to_be_remembered()
    {
        RelayAnswer got = (await _swarm.GetAsync(PkarrSwarm.Packet().Key.Text)).ShouldBe(HttpStatusCode.NotFound);
        got.Header("Cache-Control").ShouldBe("no-store");
        got.Header("Pkarr-Invalid-Signed-Packet-Seq").ShouldBeNull();
    }

    [Fact]
    public async Task What_is_no_dns_message_is_named_by_its_version()
    {
        byte[] seed = PkarrVectors.Named("keys", "B").Hex("seed");
        PutItemResult put = await _swarm.Node.PutMutableAsync(seed, ItemValue.FromText("not a message"), sequence: 77, cancellationToken: TestContext.Current.CancellationToken);
        put.Commit.Stored.ShouldBePositive();
        RelayAnswer got = (await _swarm.GetAsync(PkarrVectors.Key("B"))).ShouldBe(HttpStatusCode.NotFound);
        got.Header("Pkarr-Invalid-Signed-Packet-Seq").ShouldBe("77");

        (await _swarm.Node.PutMutableAsync(seed, ItemValue.FromBencoded("d1:ai1ee"u8), sequence: 78, cancellationToken: TestContext.Current.CancellationToken)).Commit.Stored.ShouldBePositive();
        (await _swarm.GetAsync($"{PkarrVectors.Key("B")}?policy=NetworkOnly")).ShouldBe(HttpStatusCode.NotFound).Header("Pkarr-Invalid-Signed-Packet-Seq").ShouldBe("78");
    }

    [Fact]
    public async Task A_newer_packet_of_another_relay_is_seen_by_NetworkOnly_at_once_and_by_CacheFirst_in_time()
    {
        ShiftedTimeProvider time = new();
        await _swarm.StartRelayAsync(time: time);
        byte[] seed = PkarrVectors.Named("keys", "A").Hex("seed");
        PkarrPacket first = PkarrSwarm.Packet(seed, "first", 1000, ttl: 600);
        PkarrPacket second = PkarrSwarm.Packet(seed, "second", 2000, ttl: 600);
        (await _swarm.PutAsync(first.Key.Text, first.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        (await _swarm.Node.PutSignedAsync(second.ToItem(), cancellationToken: TestContext.Current.CancellationToken)).Commit.Stored.ShouldBePositive();

        (await _swarm.GetAsync(first.Key.Text)).Body.ShouldBe(first.ToPayload());
        time.Advance(TimeSpan.FromSeconds(601));
        (await _swarm.GetAsync($"{first.Key}?policy=CacheOnly")).Body.ShouldBe(first.ToPayload(), "expired is still what the cache has");
        (await _swarm.GetAsync(first.Key.Text)).Body.ShouldBe(second.ToPayload());

        PkarrPacket third = PkarrSwarm.Packet(seed, "third", 3000);
        (await _swarm.Node.PutSignedAsync(third.ToItem(), cancellationToken: TestContext.Current.CancellationToken)).Commit.Stored.ShouldBePositive();
        (await _swarm.GetAsync($"{first.Key}?policy=NetworkOnly")).Body.ShouldBe(third.ToPayload());
        (await _swarm.GetAsync($"{first.Key}?policy=CacheOnly")).Body.ShouldBe(third.ToPayload(), "what was found is remembered");
    }

    [Fact]
    public async Task A_browser_is_let_in()
    {
        RelayAnswer preflight = await _swarm.Client.RelayAsync(
            HttpMethod.Options, PkarrVectors.Key("A"), null, ("Origin", "https://any.example"), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "if-match"));
        preflight.ShouldBe(HttpStatusCode.OK);
        preflight.Header("Access-Control-Allow-Origin").ShouldBe("*");
        preflight.Header("Access-Control-Allow-Methods").ShouldNotBeNull().ShouldContain("PUT");
        preflight.Header("Access-Control-Allow-Headers").ShouldNotBeNull().ShouldContain("If-Match");
    }

    [Fact]
    public async Task Another_method_is_told_which_there_are()
    {
        RelayAnswer answer = (await _swarm.Client.RelayAsync(HttpMethod.Delete, PkarrVectors.Key("A"), null)).ShouldBe(HttpStatusCode.MethodNotAllowed);
        answer.Header("Allow").ShouldBe("GET, HEAD, PUT, OPTIONS");
    }

    [Fact]
    public async Task The_vectors_conversation_over_our_nodes()
    {
        // Our nodes keep the first of two values with one sequence number (BEP 44), where those of pkarr 7 take the last.
        int[] differs = [409, 204];
        JsonElement[] steps = [.. PkarrVectors.Named("http_sequences", "v7").GetProperty("steps").EnumerateArray()];
        int differed = 0;
        foreach ((int at, JsonElement step) in steps.Index())
        {
            int expected = at is 4 or 5 ? differs[differed++] : step[3].GetInt32();
            await StepAsync(_swarm.Client, step, expected, at);
        }
    }

    [Fact]
    public async Task The_older_clients_conversation_over_our_nodes()
    {
        JsonElement sequence = PkarrVectors.List("http_sequences")[1];
        foreach ((int at, JsonElement step) in sequence.GetProperty("steps").EnumerateArray().Index())
        {
            await StepAsync(_swarm.Client, step, step[3].GetInt32(), at);
        }
    }

    [Fact]
    public async Task A_relay_that_remembers_nothing_lets_the_nodes_compare()
    {
        byte[] seed = PkarrVectors.Named("keys", "R").Hex("seed");
        PkarrPacket first = PkarrSwarm.Packet(seed, "first", 1000);
        PkarrPacket second = PkarrSwarm.Packet(seed, "second", 2000);
        (await _swarm.PutAsync(first.Key.Text, first.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        await _swarm.StartRelayAsync();
        (await _swarm.PutAsync(first.Key.Text, second.ToPayload(), ("If-Match", "999"))).ShouldBe(HttpStatusCode.PreconditionFailed);
        (await _swarm.PutAsync(first.Key.Text, second.ToPayload(), ("If-Match", "1000"))).ShouldBe(HttpStatusCode.NoContent);
        await _swarm.StartRelayAsync();
        (await _swarm.PutAsync(first.Key.Text, first.ToPayload())).ShouldBe(HttpStatusCode.Conflict);
        (await _swarm.PutAsync(first.Key.Text, second.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_oldest_clients_compare_whole_seconds()
    {
        byte[] seed = PkarrVectors.Named("keys", "R").Hex("seed");
        PkarrPacket first = PkarrSwarm.Packet(seed, "first", 784_111_777_500_000);
        PkarrPacket second = PkarrSwarm.Packet(seed, "second", 784_111_779_000_000);
        (await _swarm.PutAsync(first.Key.Text, first.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        (await _swarm.PutAsync(first.Key.Text, second.ToPayload(), ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"))).ShouldBe(HttpStatusCode.PreconditionFailed);
        (await _swarm.PutAsync(first.Key.Text, second.ToPayload(), ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"))).ShouldBe(HttpStatusCode.NoContent);
    }

    public async ValueTask InitializeAsync() => _swarm = await PkarrSwarm.StartAsync();

    public ValueTask DisposeAsync() => _swarm.DisposeAsync();

    /// <summary>One step of a conversation: method, key with query, packet, status, headers.</summary>
    internal static async Task StepAsync(HttpClient client, JsonElement step, int expected, int at)
    {
        string[] path = step[1].GetString()!.Split('?');
        string key = path[0].Length == 1 ? PkarrVectors.Key(path[0]) : path[0];
        string method = step[0].GetString()!;
        byte[]? payload = step[2].GetString() is string packet ? PkarrVectors.Payload(packet) : null;
        (string, string)[] headers = step.GetArrayLength() > 4 ? [.. step[4].EnumerateObject().Select(header => (header.Name, header.Value.GetString()!))] : [];
        RelayAnswer answer = await client.RelayAsync(HttpMethod.Parse(method), path.Length == 2 ? $"{key}?{path[1]}" : key, method == "PUT" ? payload : null, headers);
        ((int)answer.Status).ShouldBe(expected, $"step {at}: {step}");
        if (method == "GET" && payload is not null)
        {
            answer.Body.ShouldBe(payload, $"step {at}: {step}");
        }
    }
}
