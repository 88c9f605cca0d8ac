using System.Net;
using System.Text;
using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests.V1;

/// <summary>Peers: found, announced, kept and checked, each with strangers on the other side.</summary>
[Collection(nameof(V1Network))]
public sealed class PeerTests(V1Network network)
{
    [Fact]
    public async Task What_a_stranger_announced_on_Mainline_is_found()
    {
        string key = V1Network.NewKey(20);
        await network.Mainline.AnnouncePeerAsync(Parse160(key), 7001, cancellationToken: V1Network.Cancelled);
        JsonElement[] lines = (await network.GetAsync($"/v1/mainline/peers/{key.ToUpperInvariant()}")).Lines;
        lines.ShouldContain(line => Peer(line) == $"{network.Mainline.LocalEndpoints[0].Address}:7001");
        ShouldBeTheEnd(lines[^1], lines.Length - 1);
    }

    [Fact]
    public async Task What_a_stranger_announced_on_Hyperswarm_is_found()
    {
        string key = V1Network.NewKey(32);
        await network.Hyperswarm.AnnounceOnceAsync(Key256.Read(Convert.FromHexString(key)), null, V1Network.Cancelled);
        JsonElement[] lines = (await network.GetAsync($"/v1/hyperswarm/peers/{key}")).Lines;
        JsonElement peer = lines[0];
        Peer(peer).ShouldBe(Convert.ToHexStringLower(network.Hyperswarm.PublicKey.Span));
        peer.GetProperty("addresses").GetArrayLength().ShouldBeGreaterThan(0);
        peer.GetProperty("from").GetString().ShouldNotBeNullOrEmpty();
        ShouldBeTheEnd(lines[^1], 1);
    }

    [Fact]
    public async Task What_a_stranger_provides_on_IPFS_is_found_and_the_stranger_itself()
    {
        Cid cid = NewCid();
        await network.Ipfs.ProvideAsync(cid, null, V1Network.Cancelled);
        JsonElement[] lines = (await network.GetAsync($"/v1/ipfs/peers/{cid}")).Lines;
        Peer(lines[0]).ShouldBe(network.Ipfs.LocalPeer.ToString());
        ShouldBeTheEnd(lines[^1], 1);
        Peer((await network.GetAsync($"/v1/ipfs/peers/{network.Ipfs.LocalPeer}")).Lines[0]).ShouldBe(network.Ipfs.LocalPeer.ToString());
    }

    [Fact]
    public async Task Peers_come_as_events_to_whom_asks_for_events()
    {
        string key = V1Network.NewKey(20);
        await network.Mainline.AnnouncePeerAsync(Parse160(key), 7002, cancellationToken: V1Network.Cancelled);
        Answer answer = await network.GetAsync($"/v1/mainline/peers/{key}", "text/event-stream");
        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Body.ShouldContain("event: peer\ndata: {\"peer\":\"");
        answer.Body.ShouldContain("event: done\ndata: {\"done\":true,\"found\":1,");
        answer.Body.ShouldEndWith("\n\n");
    }

    [Theory]
    [InlineData("mainline", 20)]
    [InlineData("hyperswarm", 32)]
    public async Task An_announcement_is_kept_checked_and_deleted(string name, int keyLength)
    {
        await ShouldBeKept(name, V1Network.NewKey(keyLength), "7003");
    }

    [Fact]
    public Task A_provided_CID_is_kept_checked_and_deleted() => ShouldBeKept("ipfs", NewCid().ToString(), "null");

    [Fact]
    public async Task An_announcement_that_is_not_kept_reaches_strangers_all_the_same()
    {
        string key = V1Network.NewKey(20);
        JsonElement announced = (await network.PostAsync("/v1/mainline/announcements", $$"""{"key":"{{key}}","port":7004}""")).ShouldBe(HttpStatusCode.Created);
        announced.GetProperty("id").ValueKind.ShouldBe(JsonValueKind.Null);
        announced.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        List<int> ports = [];
        await foreach (UdpEndpoint peer in network.Mainline.GetPeersAsync(Parse160(key)))
        {
            ports.Add(peer.Port);
        }

        ports.ShouldContain(7004);
    }

    [Fact]
    public async Task What_is_kept_is_told_again_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("kadstone-").FullName;
        string key = V1Network.NewKey(20);
        try
        {
            string id = await RunAsync(folder, async client =>
            {
                using HttpRequestMessage keep = new(HttpMethod.Post, "/v1/mainline/announcements") { Content = StatusTests.Json($$"""{"key":"{{key}}","port":7005,"keep":true}""") };
                return (await network.SendAsync(keep, client)).ShouldBe(HttpStatusCode.Created).GetProperty("id").GetString().ShouldNotBeNull();
            });
            await RunAsync(folder, async client =>
            {
                // The round begins by itself: the list is asked until it has been told.
                using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
                while (true)
                {
                    using HttpRequestMessage list = new(HttpMethod.Get, "/v1/publications");
                    JsonElement publication = (await network.SendAsync(list, client)).ShouldBe(HttpStatusCode.OK).GetProperty("publications").EnumerateArray().ShouldHaveSingleItem();
                    publication.GetProperty("id").GetString().ShouldBe(id);
                    publication.GetProperty("key").GetString().ShouldBe(key);
                    if (publication.GetProperty("lastAt").ValueKind != JsonValueKind.Null && publication.GetProperty("acknowledged").GetInt32() > 0)
                    {
                        return id;
                    }

                    await timer.WaitForNextTickAsync(V1Network.Cancelled);
                }
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<string> RunAsync(string folder, Func<HttpClient, Task<string>> act)
    {
        KadstoneOptions options = network.Options();
        options.DataFolder = folder;
        options.Hyperswarm = null;
        options.Ipfs = null;
        options.Mainline = options.Mainline! with { Addresses = [IPAddress.Parse("127.78.11.1")] };
        (KadstoneNode node, KadstoneDaemon daemon) = await V1Network.StartAsync(options);
        await using (node)
        await using (daemon)
        {
            await V1Network.KnowsAsync(node);
            using HttpClient client = V1Network.ClientOf(daemon);
            return await act(client);
        }
    }

    private async Task ShouldBeKept(string name, string key, string port)
    {
        JsonElement kept = (await network.PostAsync($"/v1/{name}/announcements", $$"""{"key":"{{key}}","port":{{port}},"keep":true}""")).ShouldBe(HttpStatusCode.Created);
        string id = kept.GetProperty("id").GetString().ShouldNotBeNull();
        kept.GetProperty("acknowledged").GetInt32().ShouldBeGreaterThanOrEqualTo(1, kept.ToString());
        kept.GetProperty("next").GetDateTimeOffset().ShouldBeGreaterThan(kept.GetProperty("at").GetDateTimeOffset());
        JsonElement listed = await FindAsync(id);
        listed.GetProperty("kind").GetString().ShouldBe("announcement");
        listed.GetProperty("key").GetString().ShouldBe(key);
        listed.GetProperty("check").ValueKind.ShouldBe(JsonValueKind.Null);
        JsonElement check = (await network.PostAsync($"/v1/publications/{id}/check", null)).ShouldBe(HttpStatusCode.OK);
        check.GetProperty("ok").GetBoolean().ShouldBeTrue(check.ToString());
        (await FindAsync(id)).GetProperty("check").GetProperty("ok").GetBoolean().ShouldBeTrue();
        (await network.DeleteAsync($"/v1/publications/{id}")).ShouldBe(HttpStatusCode.NoContent);
        (await network.GetAsync("/v1/publications")).Json.GetProperty("publications").EnumerateArray().ShouldAllBe(one => one.GetProperty("id").GetString() != id);
        (await network.DeleteAsync($"/v1/publications/{id}")).ShouldFail(HttpStatusCode.NotFound, id);
        (await network.PostAsync($"/v1/publications/{id}/check", null)).ShouldFail(HttpStatusCode.NotFound, id);
    }

    private async Task<JsonElement> FindAsync(string id) =>
        (await network.GetAsync("/v1/publications")).ShouldBe(HttpStatusCode.OK).GetProperty("publications").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);

    private static void ShouldBeTheEnd(JsonElement line, int found)
    {
        line.GetProperty("done").GetBoolean().ShouldBeTrue();
        line.GetProperty("found").GetInt32().ShouldBe(found);
        line.GetProperty("milliseconds").GetDouble().ShouldBeGreaterThan(0);
        line.GetProperty("reason").GetString().ShouldNotBeNullOrEmpty();
    }

    private static string? Peer(JsonElement line) => line.TryGetProperty("peer", out JsonElement peer) ? peer.GetString() : null;

    private static Key160 Parse160(string text) => Key160.TryParse(text, out Key160 key) ? key : throw new FormatException(text);

    private static Cid NewCid() => Cid.OfRaw(Encoding.UTF8.GetBytes(V1Network.NewKey(8)));
}
