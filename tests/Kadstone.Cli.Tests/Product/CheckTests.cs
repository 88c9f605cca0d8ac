using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

[Collection(nameof(RunningDaemon))]
public sealed class CheckTests(RunningDaemon daemon)
{
    [Fact]
    public async Task A_torrent_with_a_peer_is_found()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync("mainline", "announce", infoHash, "--peer-port", "4242", "--private", "--bootstrap", daemon.Node("mainline"))).ShouldEndWith(0);
        DhtResult check = await CheckAsync(infoHash, 0);
        check.Lines[0].ShouldStartWith("[ok] daemon: http://127.0.0.1:");
        check.Lines[2].ShouldMatch(@"^\[(ok|warn)\] mainline lookup: [0-9]+ requests?, [0-9]+ answers?, [0-9]+ hops?, [0-9.]+ ms; [0-9]+ of the [0-9]+ closest answered");
        check.Lines[3].ShouldBe("[ok] peers: 1 peer: 127.0.0.1:4242");
        check.Lines[4].ShouldBe("verdict: 1 peer found on mainline");
        (await CheckAsync($"magnet:?xt=urn:btih:{infoHash}", 0)).Lines[^1].ShouldBe("verdict: 1 peer found on mainline");

        // The same with a node of its own.
        DhtResult embedded = await DhtRun.RunAsync("check", infoHash, "--private", "--bootstrap", daemon.Node("mainline"));
        embedded.ShouldEndWith(0).Lines[0].ShouldStartWith("[ok] node: embedded");
        embedded.Lines[^1].ShouldBe("verdict: 1 peer found on mainline");
    }

    [Fact]
    public async Task What_nobody_knows_is_3()
    {
        (await CheckAsync(SmallNetwork.NewInfoHash(), 3)).Lines[^1].ShouldBe("verdict: the network answers, and knows nothing of it");
        (await CheckAsync(SmallHyperNetwork.NewTopic(), 3)).Output.ShouldContain("[warn] mainline mutable value: none is stored");
        JsonElement[] json = (await DhtRun.RunAsync(["check", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "-o", "json", .. daemon.Here])).ShouldEndWith(3).Json;
        json[^1].GetProperty("exit_code").GetInt32().ShouldBe(3);
        json[..^1].ShouldAllBe(step => step.GetProperty("level").GetString() != "fail");
    }

    [Fact]
    public async Task Topics_and_values_are_found()
    {
        string topic = SmallHyperNetwork.NewTopic();
        string[] hyper = ["--private", "--bootstrap", daemon.Node("hyperswarm")];
        (await DhtRun.RunAsync(["hyper", "announce", topic, "--peer-port", "10000", .. hyper])).ShouldEndWith(0);
        (await CheckAsync(topic, 0)).Lines[^1].ShouldBe("verdict: 1 peer found on hyperswarm");

        string value = (await DhtRun.RunAsync(["hyper", "put", "hello world", .. hyper])).ShouldEndWith(0).Lines[0];
        (await CheckAsync(value, 0)).Lines[^1].ShouldBe("verdict: a value of 11 bytes found on hyperswarm");

        string item = (await DhtRun.RunAsync("mainline", "put", "hello check", "--private", "--bootstrap", daemon.Node("mainline"))).ShouldEndWith(0).Lines[0];
        (await CheckAsync(item, 0)).Lines[^1].ShouldBe("verdict: a value of 11 bytes found on mainline");

        using TemporaryFolder folder = new();
        string key = (await DhtRun.RunAsync("key", "new", folder["key"])).ShouldEndWith(0).Lines[0];
        (await DhtRun.RunAsync("mainline", "put-signed", "signed", "--key", folder["key"], "--private", "--bootstrap", daemon.Node("mainline"))).ShouldEndWith(0);
        (await CheckAsync(key, 0)).Output.ShouldContain("[ok] mainline mutable value: 6 bytes, version 1, from ");
        DhtResult packet = await DhtRun.RunAsync("pkarr", "publish", "--key", folder["key"], "A", "www", "192.0.2.7", "--private", "--bootstrap", daemon.Node("mainline"));
        (await CheckAsync(packet.ShouldEndWith(0).Lines[0], 0)).Output.ShouldContain("[ok] mainline mutable value: ");
    }

    [Fact]
    public async Task A_provider_is_found_and_dialed()
    {
        const string Cid = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";
        using HttpClient client = new() { BaseAddress = new Uri(daemon.Api) };
        using HttpResponseMessage announced = await client.PostAsJsonAsync("/v1/ipfs/announcements", new { key = Cid, keep = true }, TestContext.Current.CancellationToken);
        announced.StatusCode.ShouldBe(HttpStatusCode.Created, await announced.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        DhtResult check = await CheckAsync(Cid, 0);
        check.Output.ShouldContain($"[ok] providers: 1 provider: {daemon.OwnPeer}\n");
        check.Output.ShouldContain($"[ok] dial: {daemon.OwnPeer} answers at /ip4/127.77.0.1/tcp/");
        check.Lines[^1].ShouldBe("verdict: 1 provider found, 1 of 1 dialed answer");

        // What is kept published is looked up, too.
        DhtResult self = await CheckAsync("self", 0);
        self.Output.ShouldMatch($@"\[(ok|warn)\] own announcement: ipfs {Cid}: [0-9]+ of [0-9]+ nodes took it; ");
        self.Output.ShouldContain("[ok] lookups: a random key is answered in every network");
        self.Output.ShouldContain("[ok] clock: 2");
        self.Output.ShouldContain(" mainline reachability: ");
    }

    [Fact]
    public async Task A_provider_that_is_gone_is_6()
    {
        string daemonHere = daemon.Node("ipfs");
        using TemporaryFolder folder = new();
        string file = folder.Write("content", SmallNetwork.NewInfoHash());
        DhtResult provided = await DhtRun.RunAsync("ipfs", "provide", $"@{file}", "--protocol", "lan", "--bootstrap", daemonHere);
        string cid = provided.ShouldEndWith(0).Lines[0].Split(' ')[0];
        DhtResult check = await CheckAsync(cid, 6);
        check.Output.ShouldContain("[fail] dial: none of 1 provider can be reached from here");
        check.Lines[^1].ShouldBe("verdict: 1 provider found, and none can be reached");
    }

    [Fact]
    public async Task A_peer_is_found_by_its_id_and_by_its_address()
    {
        string address = daemon.Node("ipfs");
        string peer = address.Split("/p2p/")[1];
        (await CheckAsync(peer, 0)).Lines[^1].ShouldBe("verdict: 1 peer found, 1 of 1 dialed answer");
        (await DhtRun.RunAsync("check", address)).ShouldEndWith(0).Output.ShouldStartWith($"[ok] dial: {peer} answers at ");
        string closed = $"/ip4/127.77.123.1/tcp/1/p2p/{peer}";
        (await DhtRun.RunAsync("check", closed)).ShouldEndWith(6).Output.ShouldStartWith("[fail] dial: ");
    }

    [Fact]
    public async Task An_endpoint_is_pinged_in_each_network()
    {
        DhtResult mainline = await DhtRun.RunAsync("check", daemon.Node("mainline"), "--timeout", "3s");
        mainline.ShouldEndWith(0).Output.ShouldMatch(@"\[ok\] mainline: node [0-9a-f]{40} answers within [0-9.]+ ms");
        mainline.Output.ShouldContain("[warn] tcp: refuses connections");
        (await DhtRun.RunAsync("check", daemon.Node("hyperswarm"), "--timeout", "3s")).ShouldEndWith(0).Lines[^1].ShouldBe("verdict: hyperswarm answers");

        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.124.1"), 0));
        DhtResult nobody = await DhtRun.RunAsync("check", $"{silent.LocalEndPoint}", "--timeout", "300ms");
        nobody.ShouldEndWith(6).Output.ShouldContain("[warn] hyperswarm: no answer within 0.3 s");
        (await DhtRun.RunAsync("check", "nowhere.invalid:6881")).ShouldEndWith(6).Output.ShouldStartWith("[fail] name: nowhere.invalid cannot be resolved");
    }

    [Fact]
    public async Task What_is_not_understood_is_2_and_what_was_tried_is_said()
    {
        DhtResult result = await DhtRun.RunAsync("check", "hello");
        result.ShouldEndWith(2).Error.ShouldContain("it was tried as an infohash (40 hexadecimal digits)");
        result.Error.Split('\n').Length.ShouldBe(3, "the sentence, and where help is");
        (await DhtRun.RunAsync("check", "/ip4/nowhere")).ShouldEndWith(2);
        (await DhtRun.RunAsync("check", "self", "--bootstrap", "gnutella=127.0.0.1:1")).ShouldEndWith(2);
    }

    [Fact]
    public async Task Nobody_to_ask_is_6()
    {
        using TemporaryFolder folder = new();
        DhtResult result = await DhtRun.RunAsync("check", SmallNetwork.NewInfoHash(), "--data", folder.Path);
        result.ShouldEndWith(6).Lines.Length.ShouldBe(2);
        result.Lines[0].ShouldStartWith("[fail] daemon: no daemon runs");
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.125.1"), 0));
        DhtResult embedded = await DhtRun.RunAsync("check", SmallNetwork.NewInfoHash(), "--private", "--bootstrap", $"{silent.LocalEndPoint}", "--timeout", "1s");
        embedded.ShouldEndWith(6).Output.ShouldContain("[fail] mainline: nobody answers");
        (await DhtRun.RunAsync("check", SmallNetwork.NewInfoHash(), "--private", "--embed")).ShouldEndWith(6).Error.ShouldContain("nobody is known to ask");
    }

    private async Task<DhtResult> CheckAsync(string subject, int exit)
    {
        DhtResult result = await DhtRun.RunAsync(["check", subject, .. daemon.Here]);
        result.ShouldEndWith(exit).Error.ShouldBeEmpty();
        result.Lines.ShouldAllBe(line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^(\[(ok|warn|fail)\] [^:]+: .|verdict: .)"));
        return result;
    }
}
