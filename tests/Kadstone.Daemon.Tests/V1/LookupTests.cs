using System.Net;
using System.Text.Json;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Kademlia;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Tables and lookups, as they are seen.</summary>
[Collection(nameof(V1Network))]
public sealed class LookupTests(V1Network network)
{
    [Theory]
    [InlineData("mainline", 40)]
    [InlineData("hyperswarm", 64)]
    [InlineData("ipfs", 64)]
    public async Task A_table_has_its_contacts_by_bucket(string name, int digits)
    {
        JsonElement table = (await network.GetAsync($"/v1/networks/{name}/table")).ShouldBe(HttpStatusCode.OK);
        table.GetProperty("keyspace").GetString().ShouldNotBeNull().Length.ShouldBe(digits);
        int contacts = 0;
        foreach (JsonElement bucket in table.GetProperty("buckets").EnumerateArray())
        {
            bucket.GetProperty("contacts").GetArrayLength().ShouldBeInRange(1, bucket.GetProperty("capacity").GetInt32());
            foreach (JsonElement contact in bucket.GetProperty("contacts").EnumerateArray())
            {
                contacts++;
                contact.GetProperty("keyspace").GetString().ShouldNotBeNull().Length.ShouldBe(digits);
                contact.GetProperty("state").GetString().ShouldBeOneOf("good", "doubtful", "bad");
                contact.GetProperty("lastSeenSeconds").GetDouble().ShouldBeGreaterThanOrEqualTo(0);
                contact.GetProperty("address").GetString().ShouldNotBeNullOrEmpty();
            }
        }

        table.GetProperty("size").GetInt32().ShouldBe(contacts);
        contacts.ShouldBeGreaterThanOrEqualTo(2);
    }

    [Theory]
    [InlineData("mainline", "get_peers", 20)]
    [InlineData("hyperswarm", "lookup", 32)]
    public async Task A_search_for_peers_can_be_followed_step_by_step(string name, string kind, int keyLength)
    {
        string key = V1Network.NewKey(keyLength);
        string id = (await network.GetAsync($"/v1/{name}/peers/{key}")).Lines[^1].GetProperty("lookup").GetString().ShouldNotBeNull();
        JsonElement lookup = (await network.GetAsync($"/v1/lookups/{id}")).ShouldBe(HttpStatusCode.OK);
        lookup.GetProperty("network").GetString().ShouldBe(name);
        lookup.GetProperty("kind").GetString().ShouldBe(kind);
        lookup.GetProperty("target").GetString().ShouldBe(key);
        lookup.GetProperty("keyspace").GetString().ShouldBe(key);
        lookup.GetProperty("state").GetString().ShouldBe("done", lookup.ToString());
        lookup.GetProperty("reason").GetString().ShouldNotBeNullOrEmpty();
        JsonElement[] steps = [.. lookup.GetProperty("steps").EnumerateArray()];
        JsonElement[] asked = [.. steps.Where(step => step.GetProperty("kind").GetString() == "asked")];
        JsonElement[] answered = [.. steps.Where(step => step.GetProperty("kind").GetString() == "answered")];
        asked.Length.ShouldBe(lookup.GetProperty("requests").GetInt32());
        answered.Length.ShouldBe(lookup.GetProperty("answers").GetInt32());
        answered.Length.ShouldBeGreaterThanOrEqualTo(2);
        answered.ShouldAllBe(step => step.GetProperty("rttMs").GetDouble() >= 0 && step.GetProperty("hop").GetInt32() >= 1);
        steps.ShouldAllBe(step => step.GetProperty("distanceBits").GetInt32() > 0 && step.GetProperty("distanceBits").GetInt32() <= keyLength * 8);
        lookup.GetProperty("closest").GetArrayLength().ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task An_IPFS_search_can_be_followed_as_well()
    {
        string cid = Libp2p.Cid.OfRaw(System.Text.Encoding.UTF8.GetBytes(V1Network.NewKey(8))).ToString();
        string id = (await network.GetAsync($"/v1/ipfs/peers/{cid}")).Lines[^1].GetProperty("lookup").GetString().ShouldNotBeNull();
        JsonElement lookup = (await network.GetAsync($"/v1/lookups/{id}")).ShouldBe(HttpStatusCode.OK);
        lookup.GetProperty("kind").GetString().ShouldBe("find_providers");
        lookup.GetProperty("target").GetString().ShouldBe(cid);
        lookup.GetProperty("keyspace").GetString().ShouldNotBeNull().Length.ShouldBe(64);
        lookup.GetProperty("state").GetString().ShouldBe("done", lookup.ToString());
        lookup.GetProperty("answers").GetInt32().ShouldBeGreaterThanOrEqualTo(2);
        lookup.GetProperty("steps").EnumerateArray().Count(step => step.GetProperty("kind").GetString() == "answered").ShouldBe(lookup.GetProperty("answers").GetInt32());
    }

    [Theory]
    [InlineData("mainline")]
    [InlineData("hyperswarm")]
    [InlineData("ipfs")]
    public async Task Who_was_asked_to_store_and_did_is_part_of_an_announcements_trace(string name)
    {
        string key = name == "ipfs" ? Libp2p.Cid.OfRaw(System.Text.Encoding.UTF8.GetBytes(V1Network.NewKey(8))).ToString() : V1Network.NewKey(name == "mainline" ? 20 : 32);
        JsonElement told = (await network.PostAsync($"/v1/{name}/announcements", $$"""{"key":"{{key}}"}""")).ShouldBe(HttpStatusCode.Created);
        JsonElement[] lookups = [.. (await network.GetAsync("/v1/lookups?limit=1000")).Json.GetProperty("lookups").EnumerateArray()];
        JsonElement summary = lookups.First(one => one.GetProperty("target").GetString() == key);
        JsonElement lookup = (await network.GetAsync($"/v1/lookups/{summary.GetProperty("id").GetString()}")).ShouldBe(HttpStatusCode.OK);
        JsonElement[] steps = [.. lookup.GetProperty("steps").EnumerateArray()];
        JsonElement[] Of(string kind) => [.. steps.Where(step => step.GetProperty("kind").GetString() == kind)];
        Of("storing").Length.ShouldBe(told.GetProperty("asked").GetInt32());
        Of("stored").Length.ShouldBe(told.GetProperty("acknowledged").GetInt32());
        Of("store_refused").Length.ShouldBe(told.GetProperty("refused").GetInt32());
        Of("stored").ShouldNotBeEmpty();
        Of("stored").ShouldAllBe(step => step.GetProperty("rttMs").GetDouble() >= 0 && step.GetProperty("hop").GetInt32() == 0);
        Of("storing").Select(step => step.GetProperty("contact").GetProperty("id").GetString()).ShouldBe(
            Of("stored").Concat(Of("store_refused")).Concat(Of("store_silent")).Select(step => step.GetProperty("contact").GetProperty("id").GetString()), ignoreOrder: true);
        lookup.GetProperty("stores").GetInt32().ShouldBe(Of("storing").Length);
        lookup.GetProperty("stored").GetInt32().ShouldBe(Of("stored").Length);
        lookup.GetProperty("answers").GetInt32().ShouldBe(Of("answered").Length, "a write is no answer to the search");
    }

    [Fact]
    public void A_write_that_is_refused_has_its_code_and_one_without_an_answer_has_none()
    {
        LookupLog log = new(TimeProvider.System);
        List<string> told = [];
        ILookupListener<int> listener = WatchOf(log).Began(Beginning(isUpkeep: false), default).ShouldNotBeNull();
        log.Changed = trail => told.Add(trail.Id);
        listener.Turned(new LookupTurn<int>(LookupTurnKind.Asked, 1, 1, default, null, 0, 0));
        listener.Turned(new LookupTurn<int>(LookupTurnKind.Answered, 1, 1, new Instant(TimeSpan.TicksPerMillisecond), TimeSpan.FromMilliseconds(1), 0, 0));
        listener.Ended(LookupEnd.Quorum, [1]);
        Instant later = new(TimeSpan.TicksPerSecond);
        listener.Turned(new LookupTurn<int>(LookupTurnKind.Storing, 1, 0, later, null, 0, 0));
        listener.Turned(new LookupTurn<int>(LookupTurnKind.Storing, 2, 0, later, null, 0, 0));
        listener.Turned(new LookupTurn<int>(LookupTurnKind.StoreRefused, 1, 0, later, TimeSpan.FromMilliseconds(2), 0, 0) { Code = 203 });
        listener.Turned(new LookupTurn<int>(LookupTurnKind.StoreSilent, 2, 0, later, null, 0, 0));
        LookupAnswer lookup = log.Find("1").ShouldNotBeNull().Whole();
        lookup.Steps.Select(step => (step.Kind, step.Code)).ShouldBe([("asked", null), ("answered", null), ("storing", null), ("storing", null), ("store_refused", 203), ("store_silent", null)]);
        (lookup.Stores, lookup.Stored, lookup.Requests, lookup.Hops, lookup.Milliseconds).ShouldBe((2, 0, 1, 1, 1));
        told.Count.ShouldBe(3, "the end, and each write's");
    }

    [Fact]
    public async Task The_newest_lookup_stands_first_and_the_list_is_as_long_as_it_is_asked_for()
    {
        string key = V1Network.NewKey(20);
        string id = (await network.GetAsync($"/v1/mainline/peers/{key}")).Lines[^1].GetProperty("lookup").GetString().ShouldNotBeNull();
        JsonElement[] lookups = [.. (await network.GetAsync("/v1/lookups?limit=1000")).ShouldBe(HttpStatusCode.OK).GetProperty("lookups").EnumerateArray()];
        long[] ids = [.. lookups.Select(lookup => long.Parse(lookup.GetProperty("id").GetString()!, System.Globalization.CultureInfo.InvariantCulture))];
        ids.ShouldBe(ids.OrderDescending());
        lookups.ShouldContain(lookup => lookup.GetProperty("id").GetString() == id);
        (await network.GetAsync("/v1/lookups?limit=1")).Json.GetProperty("lookups").GetArrayLength().ShouldBe(1);
        (await network.GetAsync("/v1/lookups/999999999")).ShouldFail(HttpStatusCode.NotFound, "not kept");
    }

    [Fact]
    public void Two_hundred_lookups_are_kept_and_the_nodes_own_leave_first()
    {
        LookupLog log = new(TimeProvider.System);
        LookupWatch<int> watch = WatchOf(log);
        watch.Began(Beginning(isUpkeep: false), default);
        for (int n = 0; n < 300; n++)
        {
            watch.Began(Beginning(isUpkeep: true), default);
        }

        log.Newest(1000).Count.ShouldBe(LookupLog.Capacity);
        log.Find("1").ShouldNotBeNull();
        log.Find("2").ShouldBeNull();
        for (int n = 0; n < 300; n++)
        {
            watch.Began(Beginning(isUpkeep: false), default);
        }

        log.Find("1").ShouldBeNull();
        log.Newest(1000).Count.ShouldBe(LookupLog.Capacity);
    }

    [Fact]
    public void A_lookup_that_never_ends_is_bounded_and_its_silence_is_told()
    {
        LookupLog log = new(TimeProvider.System);
        ILookupListener<int> listener = WatchOf(log).Began(Beginning(isUpkeep: false), default).ShouldNotBeNull();
        for (int n = 0; n < 5000; n++)
        {
            listener.Turned(new LookupTurn<int>(LookupTurnKind.Asked, n, 1, new Instant(n), null, 0, 0));
            listener.Turned(new LookupTurn<int>(LookupTurnKind.Silent, n, 1, new Instant(n), null, 0, 0));
        }

        LookupAnswer running = log.Find("1").ShouldNotBeNull().Whole();
        running.Steps.Count.ShouldBe(1024);
        running.Requests.ShouldBe(5000);
        running.State.ShouldBe("running");
        running.Steps[1].Kind.ShouldBe("silent");
        listener.Ended(LookupEnd.RequestLimit, []);
        log.Find("1").ShouldNotBeNull().Summary().State.ShouldBe("failed");
        log.CountsOf("mainline").ShouldBe(new LookupCounts(0, 1));
    }

    private static LookupBeginning Beginning(bool isUpkeep) => new("find_node", new byte[20], new byte[20], isUpkeep);

    private static LookupWatch<int> WatchOf(LookupLog log) => new(log, "mainline", contact => new ContactText($"{contact}", new byte[20], ""), _ => "target");
}
