using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli.Tests;

public sealed class ExitCodeTests(SmallNetwork network)
{
    [Fact]
    public async Task Found_is_0()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        DhtResult announced = await DhtRun.RunAsync(["mainline", "announce", infoHash, "--peer-port", "4242", .. network.Here]);
        announced.ShouldEndWith(0).Output.ShouldMatch("^stored at [1-8] nodes\n$");
        DhtResult peers = await DhtRun.RunAsync(["mainline", "peers", infoHash, .. network.Here]);
        peers.ShouldEndWith(0).Output.ShouldBe("127.0.0.1:4242\n");
        peers.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_found_is_3()
    {
        string unknown = SmallNetwork.NewInfoHash();
        foreach (string verb in (string[])["peers", "get", "scrape"])
        {
            DhtResult result = await DhtRun.RunAsync(["mainline", verb, unknown, .. network.Here]);
            result.ShouldEndWith(3).Output.ShouldBeEmpty();
            result.Error.Split('\n').Length.ShouldBe(2);
        }
    }

    [Fact]
    public async Task Fewer_than_asked_is_4()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync(["mainline", "announce", infoHash, "--peer-port", "4242", "--min", "100", .. network.Here])).ShouldEndWith(4);
        (await DhtRun.RunAsync(["mainline", "peers", infoHash, "--count", "2", .. network.Here])).ShouldEndWith(4).Lines.Length.ShouldBe(1);
        (await DhtRun.RunAsync(["mainline", "peers", infoHash, "--count", "1", .. network.Here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["mainline", "find-node", infoHash, "--min", "9", .. network.Here])).ShouldEndWith(4).Lines.Length.ShouldBe(8);
    }

    [Fact]
    public async Task Some_pings_unanswered_is_4()
    {
        using Socket silent = Silent();
        DhtResult result = await DhtRun.RunAsync("mainline", "ping", network.Bootstrap, $"{silent.LocalEndPoint}", "--private", "--timeout", "300ms");
        result.ShouldEndWith(4).Lines.ShouldHaveSingleItem().ShouldStartWith(network.Bootstrap);
    }

    [Fact]
    public async Task Timed_out_is_5()
    {
        await using MuteNode mute = new();
        DhtResult lookup = await DhtRun.RunAsync("mainline", "peers", SmallNetwork.NewInfoHash(), "--private", "--bootstrap", mute.Endpoint, "--timeout", "500ms");
        lookup.ShouldEndWith(5).Error.ShouldContain("0.5 s");
        using Socket silent = Silent();
        (await DhtRun.RunAsync("mainline", "ping", $"{silent.LocalEndPoint}", "--private", "--timeout", "200ms")).ShouldEndWith(5);
        (await DhtRun.RunAsync("mainline", "sample", "--node", $"{silent.LocalEndPoint}", "--private", "--timeout", "200ms")).ShouldEndWith(5);
    }

    [Fact]
    public async Task No_network_is_6()
    {
        using Socket silent = Silent();
        (await DhtRun.RunAsync("mainline", "peers", SmallNetwork.NewInfoHash(), "--private")).ShouldEndWith(6);
        (await DhtRun.RunAsync("mainline", "put", "hello", "--private", "--bootstrap", $"{silent.LocalEndPoint}", "--timeout", "1s")).ShouldEndWith(6);
        (await DhtRun.RunAsync("mainline", "ping", "127.0.0.1:6881")).ShouldEndWith(6).Error.ShouldContain("not allowed");
    }

    [Fact]
    public async Task Rejected_is_7()
    {
        using TemporaryFolder folder = new();
        string key = folder["key"];
        (await DhtRun.RunAsync("key", "new", key)).ShouldEndWith(0);

        // One node: of ten, one that did not have the first would take the stale.
        await using MainlineDht only = await MainlineDht.CreateAsync(new MainlineOptions { Addresses = [IPAddress.Parse("127.77.120.1")], Scope = AddressScope.Private }, cancellationToken: TestContext.Current.CancellationToken);
        string[] signed = ["mainline", "put-signed", "--key", key, "--private", "--bootstrap", $"{only.LocalEndpoints[0]}"];
        (await DhtRun.RunAsync([.. signed, "first", "--seq", "5"])).ShouldEndWith(0).Output.ShouldContain("seq 5\n");
        DhtResult mismatch = await DhtRun.RunAsync([.. signed, "second", "--seq", "6", "--cas", "4"]);
        mismatch.ShouldEndWith(7).Error.ShouldContain("301");
        DhtResult stale = await DhtRun.RunAsync([.. signed, "second", "--seq", "4"]);
        stale.ShouldEndWith(7).Error.ShouldContain("302");
        (await DhtRun.RunAsync([.. signed, "second", "--cas", "5"])).ShouldEndWith(0).Output.ShouldContain("seq 6\n");
    }

    [Fact]
    public async Task An_error_is_1()
    {
        using TemporaryFolder folder = new();
        string gone = Directory.CreateDirectory(folder["gone"]).FullName;
        await using DhtRun node = DhtRun.Start("mainline", "node", "--host", "127.77.121.1", "--port", "0", "--private", "--state", Path.Combine(gone, "state.json"));
        await node.Output.WaitForAsync(line => line == "ready");
        Directory.Delete(gone, recursive: true);
        (await node.InterruptAsync()).ShouldBe(1);
        node.Error.Text.ShouldContain("state");
    }

    [Fact]
    public async Task Interrupted_is_0()
    {
        await using DhtRun run = DhtRun.Start(["mainline", "announce", SmallNetwork.NewInfoHash(), "--implied-port", "--advertise", .. network.Here]);
        await run.Output.WaitForAsync(line => line.StartsWith("stored at ", StringComparison.Ordinal));
        (await run.InterruptAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Help_and_version_are_0_and_a_command_without_a_verb_is_2()
    {
        (await DhtRun.RunAsync("--version")).ShouldEndWith(0).Output.ShouldMatch("^dht [0-9]+\\.[0-9]+\\.[0-9]+\n$");
        (await DhtRun.RunAsync("--help")).ShouldEndWith(0);
        foreach (string[] group in (string[][])[[], ["mainline"], ["bt"], ["key"]])
        {
            (await DhtRun.RunAsync(group)).ShouldEndWith(2).Output.ShouldContain("Commands:");
        }
    }

    private static Socket Silent()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.77.122.1"), 0));
        return socket;
    }
}
