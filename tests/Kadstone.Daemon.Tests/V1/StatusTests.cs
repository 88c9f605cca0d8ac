using System.Net;
using System.Text.Json;
using Kadstone.Hosting;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>What the daemon says of itself, when all is well and when it is not.</summary>
[Collection(nameof(V1Network))]
public sealed class StatusTests(V1Network network)
{
    [Fact]
    public async Task A_status_has_a_verdict_for_each_network_and_for_all()
    {
        JsonElement status = (await network.GetAsync("/v1/status")).ShouldBe(HttpStatusCode.OK);
        status.GetProperty("verdict").GetProperty("level").GetString().ShouldBe("ok", status.ToString());
        status.GetProperty("verdict").GetProperty("text").GetString().ShouldNotBeNull().ShouldContain("3 networks work");
        JsonElement[] networks = [.. status.GetProperty("networks").EnumerateArray()];
        networks.Select(one => one.GetProperty("name").GetString()).ShouldBe(["mainline", "hyperswarm", "ipfs"]);
        foreach (JsonElement one in networks)
        {
            one.GetProperty("contacts").GetInt32().ShouldBeGreaterThanOrEqualTo(2);
            one.GetProperty("isReady").GetBoolean().ShouldBeTrue();
            one.GetProperty("addresses").GetArrayLength().ShouldBeGreaterThan(0);
            one.GetProperty("traffic").GetProperty("sent").GetInt64().ShouldBeGreaterThan(0);
            one.GetProperty("traffic").GetProperty("sentBytes").GetInt64().ShouldBeGreaterThan(one.GetProperty("traffic").GetProperty("sent").GetInt64(), "no packet is a byte long");
            one.GetProperty("traffic").GetProperty("receivedBytes").GetInt64().ShouldBeGreaterThan(0);
            one.GetProperty("rates").GetProperty("sentBytes").GetDouble().ShouldBeGreaterThanOrEqualTo(0);
            one.GetProperty("budget").GetProperty("packetsPerSecond").GetInt32().ShouldBe(200);
        }

        networks[0].GetProperty("keyspace").GetString().ShouldBe(network.Node.Mainline!.Id.ToString());
        networks[2].GetProperty("id").GetString().ShouldBe(network.Node.Ipfs!.LocalPeer.ToString());
        status.GetProperty("store").GetProperty("kind").GetString().ShouldBe("memory");
        status.GetProperty("store").GetProperty("state").GetString().ShouldBe("ok");
        status.GetProperty("uptimeSeconds").GetDouble().ShouldBeGreaterThan(0);
        status.GetProperty("devnet").GetProperty("nodes").GetProperty("mainline").GetInt32().ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task A_node_that_knows_nobody_says_so_and_what_to_do()
    {
        KadstoneOptions alone = network.Options();
        alone.Hyperswarm = null;
        alone.Ipfs = null;
        alone.Mainline = alone.Mainline! with { Addresses = [IPAddress.Parse("127.78.9.1")], Bootstrap = [] };
        (KadstoneNode node, KadstoneDaemon daemon) = await V1Network.StartAsync(alone);
        await using (node)
        await using (daemon)
        {
            using HttpClient client = V1Network.ClientOf(daemon);
            await node.Mainline!.WaitForNetworkAsync(V1Network.Cancelled);
            JsonElement status = (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/status"), client)).ShouldBe(HttpStatusCode.OK);
            JsonElement verdict = status.GetProperty("verdict");
            verdict.GetProperty("level").GetString().ShouldBe("fail", status.ToString());
            verdict.GetProperty("text").GetString().ShouldNotBeNull().ShouldContain("nobody answers");
            verdict.GetProperty("next").GetString().ShouldNotBeNull().ShouldContain("--bootstrap");
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/reachable"), client)).ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/networks/ipfs/table"), client)).ShouldFail(HttpStatusCode.NotFound, "mainline does");
        }
    }

    [Fact]
    public async Task A_store_that_is_gone_fails_the_verdict_and_what_is_to_last_and_comes_back()
    {
        SickStore store = new();
        KadstoneOptions options = network.Options();
        options.Hyperswarm = null;
        options.Ipfs = null;
        options.Mainline = options.Mainline! with { Addresses = [IPAddress.Parse("127.78.10.1")] };
        options.Store = KadstoneStore.Custom(store);
        (KadstoneNode node, KadstoneDaemon daemon) = await V1Network.StartAsync(options);
        await using (node)
        await using (daemon)
        {
            using HttpClient client = V1Network.ClientOf(daemon);
            await V1Network.KnowsAsync(node);
            store.IsSick = true;
            Answer sick = await UntilAsync(client, status => status.GetProperty("store").GetProperty("state").GetString() == "unavailable");
            sick.Json.GetProperty("verdict").GetProperty("level").GetString().ShouldBe("fail");
            sick.Json.GetProperty("verdict").GetProperty("text").GetString().ShouldNotBeNull().ShouldContain("The disk is gone.");
            using HttpRequestMessage keep = new(HttpMethod.Post, "/v1/mainline/announcements") { Content = Json($$"""{"key":"{{V1Network.NewKey(20)}}","keep":true}""") };
            (await network.SendAsync(keep, client)).ShouldFail(HttpStatusCode.ServiceUnavailable, "The disk is gone.");
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/records"), client)).ShouldFail(HttpStatusCode.ServiceUnavailable, "The disk is gone.");
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/ready"), client)).ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/networks/mainline/table"), client)).ShouldBe(HttpStatusCode.OK);
            store.IsSick = false;
            await UntilAsync(client, status => status.GetProperty("store").GetProperty("state").GetString() == "ok");
        }
    }

    internal static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    // A status is a quarter of a second old at most: it is asked for until it tells.
    private async Task<Answer> UntilAsync(HttpClient client, Func<JsonElement, bool> holds)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/v1/status");
            Answer answer = await network.SendAsync(request, client);
            if (holds(answer.ShouldBe(HttpStatusCode.OK)))
            {
                return answer;
            }

            await timer.WaitForNextTickAsync(V1Network.Cancelled);
        }
    }
}

/// <summary>All that ask one network.</summary>
[CollectionDefinition(nameof(V1Network))]
public sealed class V1Collection : ICollectionFixture<V1Network>;
