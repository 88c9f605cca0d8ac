using System.Text.Json;

namespace Kadstone.Cli.Tests;

public sealed class JsonTests(SmallNetwork network)
{
    [Fact]
    public async Task Every_verb_writes_an_object_a_line()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        string[] json = ["--output", "json", .. network.Here];
        DhtResult announced = (await DhtRun.RunAsync(["mainline", "announce", infoHash, "--peer-port", "4242", "--seed", .. json])).ShouldEndWith(0);
        announced.Json.ShouldHaveSingleItem().GetProperty("stored").GetInt32().ShouldBePositive();
        JsonElement peer = (await DhtRun.RunAsync(["mainline", "peers", infoHash, .. json])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        peer.GetProperty("peer").GetString().ShouldBe("127.0.0.1:4242");
        peer.GetProperty("port").GetInt32().ShouldBe(4242);
        JsonElement scrape = (await DhtRun.RunAsync(["mainline", "scrape", infoHash, .. json])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        scrape.GetProperty("seeds").GetInt32().ShouldBe(1);
        JsonElement[] nodes = (await DhtRun.RunAsync(["mainline", "find-node", infoHash, .. json])).ShouldEndWith(0).Json;
        nodes.Length.ShouldBe(8);
        nodes.ShouldAllBe(node => node.GetProperty("id").GetString()!.Length == 40 && node.GetProperty("shared_bits").GetInt32() >= 0);
        JsonElement ping = (await DhtRun.RunAsync("mainline", "ping", network.Bootstrap, "--private", "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        ping.GetProperty("endpoint").GetString().ShouldBe(network.Bootstrap);
        ping.GetProperty("round_trip_ms").GetDouble().ShouldBePositive();
    }

    [Fact]
    public async Task A_trace_has_its_steps_and_its_reason()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        JsonElement trace = (await DhtRun.RunAsync(["mainline", "trace", infoHash, "-o", "json", .. network.Here])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        trace.GetProperty("infohash").GetString().ShouldBe(infoHash);
        trace.GetProperty("first_peer_ms").ValueKind.ShouldBe(JsonValueKind.Null);
        JsonElement walk = trace.GetProperty("traces")[0];
        walk.GetProperty("end").GetString().ShouldBe("quorum");
        walk.GetProperty("steps").GetArrayLength().ShouldBe(trace.GetProperty("asked").GetInt32());
        walk.GetProperty("closest").GetArrayLength().ShouldBe(8);
        DhtResult picture = (await DhtRun.RunAsync(["mainline", "trace", infoHash, .. network.Here])).ShouldEndWith(0);
        picture.Output.ShouldContain("└─ 127.77.");
        picture.Output.ShouldContain("the nearest nodes have all answered");
    }

    [Fact]
    public async Task A_sample_of_one_node_and_of_the_network()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync(["mainline", "announce", infoHash, "--peer-port", "4242", .. network.Here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["mainline", "sample", infoHash, .. network.Here])).ShouldEndWith(0).Lines.ShouldAllBe(line => line.Length == 40);
        string nearest = (await DhtRun.RunAsync(["mainline", "find-node", infoHash, .. network.Here])).Lines[0].Split(' ')[1];
        DhtResult one = await DhtRun.RunAsync("mainline", "sample", nearest, "--private", "-o", "json");
        one.ShouldEndWith(0).Json.ShouldAllBe(sample => sample.GetProperty("infohash").GetString()!.Length == 40);
    }
}
