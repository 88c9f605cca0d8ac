using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

/// <summary>What a node that is started for the question answers in place of a daemon, and what it cannot.</summary>
[Collection(nameof(RunningDaemon))]
public sealed class EmbedTests(RunningDaemon daemon)
{
    private string[] Everywhere =>
    [
        "--private", "--bootstrap", $"mainline={daemon.Node("mainline")}", "--bootstrap", $"hyperswarm={daemon.Node("hyperswarm")}", "--bootstrap", daemon.Node("ipfs"),
    ];

    [Fact]
    public async Task Its_status_is_that_of_a_client_which_has_joined()
    {
        DhtResult status = await DhtRun.RunAsync(["status", "--embed", .. Everywhere]);
        status.ShouldEndWith(0).Lines[0].ShouldBe($"[ok] All 3 networks work, with {Contacts(status)} contacts.");
        status.Lines[1].ShouldMatch("^\\[ok\\] mainline: [0-9]+ contacts.*, reachability unknown, 0 values and 0 peers stored");
        status.Output.ShouldContain("[ok] store: memory, 0 records");
        status.Error.ShouldBeEmpty();
        JsonElement json = (await DhtRun.RunAsync(["status", "-o", "json", .. Everywhere])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        json.GetProperty("networks").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public async Task Its_status_is_watched_until_Ctrl_C()
    {
        await using DhtRun watch = DhtRun.Start(["status", "--watch", "--private", "--bootstrap", daemon.Node("mainline")]);
        await watch.Output.WaitForAsync(line => line.Contains("mainline: ", StringComparison.Ordinal));
        (await watch.InterruptAsync()).ShouldBe(0);
        watch.Error.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task Its_table_holds_whom_it_met()
    {
        DhtResult table = await DhtRun.RunAsync("table", "mainline", "--private", "--bootstrap", daemon.Node("mainline"));
        table.ShouldEndWith(0).Lines.ShouldAllBe(line => line.StartsWith("mainline ", StringComparison.Ordinal));
        table.Lines.Length.ShouldBeGreaterThan(1);
        (await DhtRun.RunAsync(["table", "--buckets", "-o", "json", "--embed", .. Everywhere])).ShouldEndWith(0).Json
            .Select(bucket => bucket.GetProperty("network").GetString()).Distinct().ShouldBe(["mainline", "hyperswarm", "ipfs"]);
    }

    [Fact]
    public async Task It_estimates_the_size_of_the_network_that_is_named()
    {
        DhtResult size = await DhtRun.RunAsync("size", "mainline", "--private", "--bootstrap", daemon.Node("mainline"));
        size.ShouldEndWith(0).Lines.ShouldHaveSingleItem().ShouldMatch("^mainline (about )?[0-9,]+ (± [0-9,]+ )?nodes$");

        // HOST:PORT is meant for the network that is asked.
        DhtResult hyper = await DhtRun.RunAsync("size", "hyper", "--private", "--bootstrap", daemon.Node("hyperswarm"));
        hyper.ShouldEndWith(0).Lines.ShouldHaveSingleItem().ShouldMatch("^hyperswarm (about )?[0-9,]+ (± [0-9,]+ )?nodes$");
    }

    [Fact]
    public async Task Its_last_lookup_is_drawn_and_listed()
    {
        string[] mainline = ["--private", "--bootstrap", daemon.Node("mainline")];
        DhtResult last = await DhtRun.RunAsync(["trace", "last", "--network", "mainline", .. mainline]);
        last.ShouldEndWith(0).Lines[0].ShouldStartWith("mainline ");
        last.Lines[^1].ShouldStartWith("done after ");
        (await DhtRun.RunAsync(["trace", "ls", .. mainline])).ShouldEndWith(0).Lines.ShouldAllBe(line => line.Contains(" mainline ", StringComparison.Ordinal));
        (await DhtRun.RunAsync(["trace", "last", "--kind", "nothing", .. mainline])).ShouldEndWith(3);
    }

    [Fact]
    public async Task It_remembers_no_lookup_of_earlier()
    {
        DhtResult shown = await DhtRun.RunAsync("trace", "show", "1", "--embed");
        shown.ShouldEndWith(2).Error.ShouldStartWith("dht trace show: a node that is started for the question remembers no earlier lookup; ");
        shown.Error.TrimEnd('\n').ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("status")]
    [InlineData("table")]
    [InlineData("size")]
    [InlineData("trace last")]
    [InlineData("trace ls")]
    [InlineData("check self")]
    public async Task Where_nobody_answers_it_is_6(string verb)
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.126.1"), 0));
        DhtResult result = await DhtRun.RunAsync([.. verb.Split(' '), "--private", "--bootstrap", $"{silent.LocalEndPoint}", "--timeout", "1s"]);
        result.ShouldEndWith(6);
        (await DhtRun.RunAsync([.. verb.Split(' '), "--private", "--embed"])).ShouldEndWith(6).Error.ShouldContain("nobody is known to ask; --bootstrap names somebody");
    }

    [Theory]
    [InlineData("status")]
    [InlineData("table")]
    [InlineData("size")]
    [InlineData("trace last")]
    [InlineData("trace ls")]
    [InlineData("trace show 1")]
    public async Task A_daemon_and_a_node_of_its_own_exclude_each_other(string verb)
    {
        (await DhtRun.RunAsync([.. verb.Split(' '), "--embed", .. daemon.Here])).Exit.ShouldBe(2);
        DhtResult both = await DhtRun.RunAsync([.. verb.Split(' '), "--bootstrap", "127.0.0.1:1", "--api", daemon.Api]);
        both.ShouldEndWith(2).Error.ShouldContain("one of the two is allowed");
        both.Error.TrimEnd('\n').ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("status", "no daemon runs in ")]
    [InlineData("trace last", "no daemon runs in ")]
    [InlineData("trace ls", "no daemon runs in ")]
    [InlineData("trace show 1", "no daemon runs in ")]
    [InlineData("size", "a node of its own asks instead.")]
    [InlineData("table", "a node of its own asks instead.")]
    [InlineData("size ipfs", "a node of its own asks instead.")]
    public async Task Without_a_daemon_the_question_decides(string verb, string sentence)
    {
        // Nobody's data folder: the tests run in a folder of their own. Without a place to join a private node asks nobody.
        DhtResult result = await DhtRun.RunAsync([.. verb.Split(' '), "--private"]);
        result.ShouldEndWith(6).Error.ShouldContain(sentence);
        result.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task Verbs_that_always_embed_take_the_option_too()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync("mainline", "peers", infoHash, "--embed", "--private", "--bootstrap", daemon.Node("mainline"))).ShouldEndWith(3);
        (await DhtRun.RunAsync("hyper", "lookup", SmallHyperNetwork.NewTopic(), "--embed", "--private", "--bootstrap", daemon.Node("hyperswarm"))).ShouldEndWith(3);
        (await DhtRun.RunAsync("ipfs", "findprovs", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "--embed", "--protocol", "lan", "--bootstrap", daemon.Node("ipfs"))).ShouldEndWith(3);
    }

    private static int Contacts(DhtResult status) => status.Lines.Skip(1).Take(3).Sum(line => int.Parse(line.Split(": ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
}
