using System.Net;
using Kadstone.Daemon.Pkarr;
using Kadstone.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>Whom a GET waits for, and who publishes at once.</summary>
public sealed class PkarrPolicyTests : IAsyncLifetime
{
    private readonly ScriptedNetwork _network = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ShiftedTimeProvider _time = new();
    private readonly byte[] _seed = PkarrVectors.Named("keys", "A").Hex("seed");
    private PkarrRelay _relay = null!;
    private HttpClient _client = null!;

    [Fact]
    public async Task CacheFirst_answers_with_the_first_packet_and_the_lookup_runs_on_for_the_cache()
    {
        PkarrPacket first = Packet("first", 1000);
        PkarrPacket newest = Packet("newest", 3000);
        _network.Early.Add(first);
        _network.Place(first.Key, new PkarrFinding(newest, null, 8));
        _network.Gate = _end.Task;
        (await GetAsync("")).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(first.ToPayload(), "the lookup has not ended");

        // Who is sure waits with the same lookup, and its end is remembered.
        Task<RelayAnswer> sure = GetAsync("?policy=NetworkOnly");
        (await GetAsync("?policy=CacheOnly")).Body.ShouldBe(first.ToPayload());
        sure.IsCompleted.ShouldBeFalse();
        _end.SetResult();
        (await sure).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(newest.ToPayload());
        (await GetAsync("?policy=CacheOnly")).Body.ShouldBe(newest.ToPayload());
        _network.Finds.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_older_packet_than_the_expired_one_does_not_win_the_race()
    {
        PkarrPacket known = Packet("known", 2000);
        PkarrPacket newer = Packet("newer", 3000);
        (await _client.RelayAsync(HttpMethod.Put, known.Key.Text, known.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        _time.Advance(TimeSpan.FromHours(2));
        _network.Early.AddRange([Packet("older", 1000), newer, Packet("newest", 4000)]);
        _network.Gate = _end.Task;
        byte[] body = (await GetAsync("")).ShouldBe(HttpStatusCode.OK).Body;
        PkarrPacket.TryReadPayload(known.Key, body, out PkarrPacket? got, out _).ShouldBeTrue();
        got.ShouldNotBeNull().Timestamp.ShouldBeGreaterThanOrEqualTo(3000);
        _end.SetResult();
    }

    [Fact]
    public async Task When_nothing_but_older_packets_come_the_end_of_the_lookup_is_the_answer()
    {
        PkarrPacket known = Packet("known", 2000);
        (await _client.RelayAsync(HttpMethod.Put, known.Key.Text, known.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        _time.Advance(TimeSpan.FromHours(2));
        PkarrPacket older = Packet("older", 1000);
        _network.Early.Add(older);
        _network.Place(known.Key, new PkarrFinding(older, null, 8));
        (await GetAsync("")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_lookup_that_fails_after_the_first_answer_fails_nobody_who_has_it()
    {
        PkarrPacket first = Packet("first", 1000);
        _network.Early.Add(first);
        _network.Gate = _end.Task;
        _network.Failure = new Kadstone.Mainline.DhtTimeoutException("late");
        (await GetAsync("")).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(first.ToPayload());
        Task<RelayAnswer> sure = GetAsync("?policy=NetworkOnly");
        _end.SetResult();
        (await sure).ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    /// <summary>The relays of pkarr 3 to 6 said 428 here; clients of 7 read that as a conflict, and have no condition to send.</summary>
    [Fact]
    public async Task Who_publishes_while_another_does_waits_for_the_turn_and_needs_no_condition()
    {
        PkarrPacket first = Packet("first", 1000);
        PkarrPacket second = Packet("second", 2000);
        _network.StoreGate = _end.Task;
        Task<RelayAnswer> one = _client.RelayAsync(HttpMethod.Put, first.Key.Text, first.ToPayload());
        await _network.StoreBegun.Task.WaitAsync(TestContext.Current.CancellationToken);
        Task<RelayAnswer> other = _client.RelayAsync(HttpMethod.Put, first.Key.Text, second.ToPayload());
        _end.SetResult();
        (await one).ShouldBe(HttpStatusCode.NoContent);
        (await other).ShouldBe(HttpStatusCode.NoContent);
        _network.Stores.Select(packet => packet.Timestamp).ShouldBe([1000, 2000]);
    }

    [Fact]
    public async Task Of_two_who_replace_the_same_packet_at_once_one_is_told_that_it_was_replaced()
    {
        PkarrPacket before = Packet("before", 1000);
        (await _client.RelayAsync(HttpMethod.Put, before.Key.Text, before.ToPayload())).ShouldBe(HttpStatusCode.NoContent);
        Task<RelayAnswer>[] both =
        [
            .. ((long[])[2000, 3000]).Select(timestamp => _client.RelayAsync(HttpMethod.Put, before.Key.Text, Packet("after", timestamp).ToPayload(), ("If-Match", "1000"))),
        ];
        HttpStatusCode[] statuses = [.. (await Task.WhenAll(both)).Select(answer => answer.Status).Order()];
        statuses[0].ShouldBe(HttpStatusCode.NoContent);
        statuses[1].ShouldBeOneOf(HttpStatusCode.PreconditionFailed, HttpStatusCode.Conflict);
    }

    public async ValueTask InitializeAsync()
    {
        PkarrRelayOptions options = new() { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), LookupBurst = 1000, RequestBurst = 1000, MaxKept = 0 };
        _relay = await PkarrRelay.StartAsync(_network, options, NullLoggerFactory.Instance, _time, TestContext.Current.CancellationToken);
        _client = new HttpClient { BaseAddress = new Uri($"http://{_relay.Endpoint}") };
    }

    public async ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        _client.Dispose();
        await _relay.DisposeAsync();
    }

    private PkarrPacket Packet(string text, long timestamp) => PkarrSwarm.Packet(_seed, text, timestamp);

    private Task<RelayAnswer> GetAsync(string query) => _client.RelayAsync(HttpMethod.Get, $"{PkarrVectors.Key("A")}{query}", null);
}
