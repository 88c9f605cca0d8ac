using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Kadstone.Cli.Tests;

/// <summary>What can be asked of the Hyperswarm network, and how each answer ends.</summary>
public sealed class HyperVerbTests(SmallHyperNetwork network)
{
    [Fact]
    public async Task What_one_announces_another_finds_until_it_is_taken_back()
    {
        using TemporaryFolder folder = new();
        string topic = SmallHyperNetwork.NewTopic();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        string[] asWhat = [topic, "--peer-port", "10000", "--key", folder["key"], .. network.Here];
        (await DhtRun.RunAsync(["hyper", "announce", .. asWhat])).ShouldEndWith(0).Output.ShouldBe($"stored at {SmallHyperNetwork.Size} nodes\n");
        (await DhtRun.RunAsync(["hyper", "lookup", topic, .. network.Here])).ShouldEndWith(0).Output.ShouldBe($"{publicKey} 127.0.0.1:10000\n");
        JsonElement json = (await DhtRun.RunAsync(["hyper", "lookup", topic, "-o", "json", .. network.Here])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        json.GetProperty("public_key").GetString().ShouldBe(publicKey);
        json.GetProperty("relays")[0].GetString().ShouldBe("127.0.0.1:10000");
        (await DhtRun.RunAsync(["hyper", "unannounce", .. asWhat])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["hyper", "lookup", topic, .. network.Here])).ShouldEndWith(3).Output.ShouldBeEmpty();
        (await DhtRun.RunAsync(["hyper", "unannounce", .. asWhat])).ShouldEndWith(3);
    }

    [Fact]
    public async Task The_first_generation_finds_peers_and_those_near_by()
    {
        string topic = SmallHyperNetwork.NewTopic();
        string[] asWhat = [topic, "--peer-port", "10000", "--local", "192.168.1.2:8888", .. network.HereGen1];
        (await DhtRun.RunAsync(["hyper", "announce", .. asWhat])).ShouldEndWith(0).Output.ShouldBe($"stored at {SmallHyperNetwork.Size} nodes\n");
        (await DhtRun.RunAsync(["hyper", "lookup", topic, .. network.HereGen1])).ShouldEndWith(0).Output.ShouldBe("127.0.0.1:10000\n");
        DhtResult near = await DhtRun.RunAsync(["hyper", "lookup", topic, "--local", "192.168.7.7:1", "-o", "json", .. network.HereGen1]);
        near.ShouldEndWith(0).Json.ShouldContain(peer => peer.GetProperty("local").GetBoolean() && peer.GetProperty("peer").GetString() == "192.168.1.2:8888");
        (await DhtRun.RunAsync(["hyper", "unannounce", .. asWhat])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["hyper", "lookup", topic, .. network.HereGen1])).ShouldEndWith(3);
    }

    [Theory]
    [InlineData("v6")]
    [InlineData("gen1")]
    public async Task A_kept_announce_is_taken_back_at_the_end(string wire)
    {
        string topic = SmallHyperNetwork.NewTopic();
        string[] here = wire == "v6" ? network.Here : network.HereGen1;
        await using (DhtRun kept = DhtRun.Start(["hyper", "announce", topic, "--peer-port", "10000", "--keep", .. here]))
        {
            await kept.Output.WaitForAsync(line => line == "announced");
            (await DhtRun.RunAsync(["hyper", "lookup", topic, .. here])).ShouldEndWith(0);
            (await kept.InterruptAsync()).ShouldBe(0);
        }

        (await DhtRun.RunAsync(["hyper", "lookup", topic, .. here])).ShouldEndWith(3);
    }

    [Fact]
    public async Task A_text_comes_back_by_its_hash()
    {
        DhtResult put = (await DhtRun.RunAsync(["hyper", "put", "hello world", .. network.Here])).ShouldEndWith(0);
        put.Lines.ShouldBe(["256c83b297114d201b30179f3f0ef0cace9783622da5974326b436178aeef610", $"stored at {SmallHyperNetwork.Size} nodes"]);
        (await DhtRun.RunAsync(["hyper", "get", put.Lines[0], .. network.Here])).ShouldEndWith(0).Output.ShouldBe("hello world\n");
        (await DhtRun.RunAsync(["hyper", "get", put.Lines[0], "--raw", .. network.Here])).ShouldEndWith(0).Output.ShouldBe("hello world");
        (await DhtRun.RunAsync("hello world", ["hyper", "put", "-", .. network.Here])).ShouldEndWith(0).Lines[0].ShouldBe(put.Lines[0]);
        (await DhtRun.RunAsync(["hyper", "get", SmallHyperNetwork.NewTopic(), .. network.Here])).ShouldEndWith(3);
    }

    [Fact]
    public async Task A_signed_value_is_replaced_by_a_later_one_and_by_no_other()
    {
        using TemporaryFolder folder = new();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        string[] put = ["hyper", "put-signed", "--key", folder["key"], .. network.Here];
        (await DhtRun.RunAsync([.. put, "one"])).ShouldEndWith(0).Output.ShouldEndWith("seq 1\n");
        (await DhtRun.RunAsync([.. put, "two"])).ShouldEndWith(0).Output.ShouldEndWith("seq 2\n");
        (await DhtRun.RunAsync([.. put, "other", "--seq", "2"])).ShouldEndWith(7).Error.ShouldContain("refused");
        JsonElement value = (await DhtRun.RunAsync(["hyper", "get", "--public-key", publicKey, "-o", "json", .. network.Here])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        value.GetProperty("value").GetString().ShouldBe("two");
        value.GetProperty("seq").GetInt64().ShouldBe(2);
        value.GetProperty("mutable").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("v6", "16", "17")]
    [InlineData("gen1", "store", "lookup")]
    public async Task Commands_of_an_application_are_asked_and_committed(string wire, string store, string lookup)
    {
        string[] here = wire == "v6" ? network.Here : network.HereGen1;
        string target = SmallHyperNetwork.NewTopic();
        DhtResult stored = (await DhtRun.RunAsync(["hyper", "closest", store, target, "some value", "-o", "json", .. here])).ShouldEndWith(0);
        stored.Json.Length.ShouldBe(SmallHyperNetwork.Size);
        stored.Json.ShouldAllBe(answer => answer.GetProperty("phase").GetString() == "commit");
        DhtResult found = (await DhtRun.RunAsync(["hyper", "query", lookup, target, "--count", "1", .. here])).ShouldEndWith(0);
        found.Lines.ShouldHaveSingleItem().ShouldEndWith(" some value");
        string node = wire == "v6" ? network.Endpoint(3) : network.Gen1Endpoint(3);
        (await DhtRun.RunAsync(["hyper", "query", lookup, target, "--node", node, .. here])).ShouldEndWith(0).Lines.ShouldHaveSingleItem().ShouldStartWith(node + " ");
        int all = (await DhtRun.RunAsync(["hyper", "closest", store, target, "other", "--verbose", .. here])).ShouldEndWith(0).Lines.Length;
        all.ShouldBeGreaterThan(SmallHyperNetwork.Size, "the answers on the way come with it");
    }

    [Fact]
    public async Task A_command_that_nobody_serves_is_7() =>
        (await DhtRun.RunAsync(["hyper", "query", "4000", SmallHyperNetwork.NewTopic(), .. network.Here])).ShouldEndWith(7).Error.ShouldContain("nobody serves it");

    [Theory]
    [InlineData("v6")]
    [InlineData("gen1")]
    public async Task A_ping_tells_id_round_trip_and_how_we_are_seen(string wire)
    {
        string node = wire == "v6" ? network.Endpoint(2) : network.Gen1Endpoint(2);
        JsonElement answer = (await DhtRun.RunAsync("hyper", "ping", node, "--wire", wire, "--private", "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        answer.GetProperty("endpoint").GetString().ShouldBe(node);
        answer.GetProperty("id").GetString()!.Length.ShouldBe(64);
        answer.GetProperty("seen_as").GetString().ShouldStartWith("127.0.0.1:");
        using Socket silent = Silent();
        (await DhtRun.RunAsync("hyper", "ping", node, $"{silent.LocalEndPoint}", "--wire", wire, "--private", "--timeout", "300ms")).ShouldEndWith(4).Lines.Length.ShouldBe(1);
        (await DhtRun.RunAsync("hyper", "ping", $"{silent.LocalEndPoint}", "--wire", wire, "--private", "--timeout", "300ms")).ShouldEndWith(5);
    }

    [Fact]
    public async Task The_first_generation_reaches_a_node_by_way_of_one_that_knows_it()
    {
        DhtResult reached = await DhtRun.RunAsync("hyper", "holepunch", network.Gen1Endpoint(2), "--referrer", network.Gen1Endpoint(1), "--wire", "gen1", "--private");
        reached.ShouldEndWith(0).Output.ShouldBe($"reached {network.Gen1Endpoint(2)}\n");
        using Socket silent = Silent();
        DhtResult not = await DhtRun.RunAsync("hyper", "holepunch", $"{silent.LocalEndPoint}", "--referrer", network.Gen1Endpoint(1), "--wire", "gen1", "--private", "--timeout", "300ms");
        not.ShouldEndWith(5);
    }

    [Theory]
    [InlineData("v6")]
    [InlineData("gen1")]
    public async Task No_network_is_6_and_fewer_than_asked_is_4(string wire)
    {
        using Socket silent = Silent();
        string topic = SmallHyperNetwork.NewTopic();
        (await DhtRun.RunAsync("hyper", "lookup", topic, "--wire", wire, "--private")).ShouldEndWith(6);
        (await DhtRun.RunAsync("hyper", "announce", topic, "--wire", wire, "--private", "--bootstrap", $"{silent.LocalEndPoint}")).ShouldEndWith(6);
        string[] here = wire == "v6" ? network.Here : network.HereGen1;
        (await DhtRun.RunAsync(["hyper", "announce", topic, "--peer-port", "1", "--min", "21", .. here])).ShouldEndWith(4);
        (await DhtRun.RunAsync(["hyper", "lookup", topic, "--count", "2", .. here])).ShouldEndWith(4).Lines.Length.ShouldBe(1);
    }

    private static Socket Silent()
    {
        Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.122.1"), 0));
        return silent;
    }
}
