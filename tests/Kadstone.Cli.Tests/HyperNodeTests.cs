using System.Net;
using System.Net.Sockets;

namespace Kadstone.Cli.Tests;

/// <summary><c>dht hyper node</c> and <c>bootstrap</c>: the long-lived node of hyperdht's own command, and what it prints.</summary>
public sealed class HyperNodeTests(SmallHyperNetwork network)
{
    private const string Topic = "3031323334353637303132333435363730313233343536373031323334353637";

    /// <summary>ALIVE is a node of the network, DEAD is nobody.</summary>
    [Theory]
    [InlineData("--bootstrap=ALIVE")]
    [InlineData("--bootstrap ALIVE")]
    [InlineData("-b ALIVE")]
    [InlineData("-b=ALIVE")]
    [InlineData("--bootstrap=DEAD --bootstrap=ALIVE")]
    [InlineData("-b DEAD -b ALIVE")]
    [InlineData("--bootstrap=DEAD,ALIVE")]
    [InlineData("-b ALIVE,DEAD -p 0")]
    public async Task Bootstrap_nodes_are_named_as_to_hyperdht_itself(string options)
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.110.1"), 0));
        string[] given = options.Replace("ALIVE", network.Endpoint(1), StringComparison.Ordinal).Replace("DEAD", $"{silent.LocalEndPoint}", StringComparison.Ordinal).Split(' ');
        string[] port = given.Contains("-p") ? [] : ["--port", "0"];
        await using DhtRun node = DhtRun.Start(["hyper", "node", "--host", "127.77.111.1", "--private", .. port, .. given]);
        string endpoint = await StartedAsync(node);
        (await DhtRun.RunAsync("hyper", "lookup", Topic, "--private", "-b", endpoint)).ShouldEndWith(3);
        (await node.InterruptAsync()).ShouldBe(0);
        node.Error.Text.ShouldBeEmpty("a node that nobody answers says so");
    }

    [Fact]
    public async Task The_first_generation_s_node_tells_what_is_asked_of_it_in_the_lines_of_hyperdht()
    {
        await using DhtRun node = DhtRun.Start("hyper", "node", "--wire", "gen1", "--host", "127.77.112.1", "--port", "0", "--private");
        string[] here = ["--wire", "gen1", "--private", "-b", await StartedAsync(node)];
        (await DhtRun.RunAsync(["hyper", "announce", Topic, "--peer-port", "10000", .. here])).ShouldEndWith(0).Output.ShouldBe("stored at 1 nodes\n");
        (await DhtRun.RunAsync(["hyper", "lookup", Topic, .. here])).ShouldEndWith(0).Output.ShouldBe("127.0.0.1:10000\n");
        (await DhtRun.RunAsync(["hyper", "unannounce", Topic, "--peer-port", "10000", .. here])).ShouldEndWith(0);
        await node.Output.WaitForAsync(line => line.StartsWith("unannounce:", StringComparison.Ordinal));
        node.Output.Lines[2..].ShouldBe(
        [
            $"announce: {Topic} {{ host: '127.0.0.1', port: 10000 }}",
            $"lookup: {Topic}",
            $"unannounce: {Topic} {{ host: '127.0.0.1', port: 10000 }}",
        ]);
    }

    [Fact]
    public async Task Today_s_node_tells_it_in_the_same_lines()
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        await using DhtRun node = DhtRun.Start("hyper", "node", "--persistent", "--host", "127.77.113.1", "--port", "0", "--private");
        string[] here = ["--private", "-b", await StartedAsync(node)];
        string[] asWhat = ["--peer-port", "10000", "--key", folder["key"]];
        (await DhtRun.RunAsync(["hyper", "announce", Topic, .. asWhat, .. here])).ShouldEndWith(0).Output.ShouldBe("stored at 1 nodes\n");
        (await DhtRun.RunAsync(["hyper", "unannounce", Topic, .. asWhat, .. here])).ShouldEndWith(0).Output.ShouldBe("taken back at 1 nodes\n");
        (await DhtRun.RunAsync(["hyper", "lookup", Topic, .. here])).ShouldEndWith(3);
        await node.Output.WaitForAsync(line => line.StartsWith("unannounce:", StringComparison.Ordinal));

        // Here a lookup goes before each write: it gathers the tokens.
        string[] lines = [.. node.Output.Lines[2..].Select(line => System.Text.RegularExpressions.Regex.Replace(line, "port: [1-9][0-9]*", "port: N"))];
        lines[..4].ShouldBe(
        [
            $"lookup: {Topic}",
            $"announce: {Topic} {{ host: '127.0.0.1', port: N }}",
            $"lookup: {Topic}",
            $"unannounce: {Topic} {{ host: '127.0.0.1', port: N }}",
        ]);
    }

    [Fact]
    public async Task A_quiet_node_keeps_it_to_itself()
    {
        await using DhtRun node = DhtRun.Start("hyper", "node", "--quiet", "--wire", "gen1", "--host", "127.77.114.1", "--port", "0", "--private");
        string[] here = ["--wire", "gen1", "--private", "-b", await StartedAsync(node)];
        (await DhtRun.RunAsync(["hyper", "announce", Topic, "--peer-port", "10000", .. here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["hyper", "lookup", Topic, .. here])).ShouldEndWith(0);
        (await node.InterruptAsync()).ShouldBe(0);
        node.Output.Lines.Length.ShouldBe(2);
    }

    [Theory]
    [InlineData("v6")]
    [InlineData("gen1")]
    public async Task Two_nodes_meet_through_a_bootstrap_node(string wire)
    {
        await using DhtRun bootstrap = DhtRun.Start("hyper", "bootstrap", "--wire", wire, "--host", "127.77.115.1", "--port=0", "--private");
        string[] here = ["--wire", wire, "--private", $"--bootstrap={await StartedAsync(bootstrap)}"];
        await using DhtRun first = DhtRun.Start(["hyper", "node", "--persistent", "--host", "127.77.116.1", "--port", "0", .. here]);
        await StartedAsync(first);
        await using DhtRun second = DhtRun.Start(["hyper", "node", "--persistent", "--host", "127.77.117.1", "--port", "0", .. here]);
        await StartedAsync(second);

        // The first generation's keeps nothing: the two nodes do. Today's is a node like any other.
        string stored = wire == "gen1" ? "stored at 2 nodes\n" : "stored at 3 nodes\n";
        (await DhtRun.RunAsync(["hyper", "announce", Topic, "--peer-port", "10000", .. here])).ShouldEndWith(0).Output.ShouldBe(stored);
        (await DhtRun.RunAsync(["hyper", "lookup", Topic, .. here])).ShouldEndWith(0).Output.ShouldEndWith("127.0.0.1:10000\n");
        second.Error.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task Values_and_contacts_outlive_a_node_with_a_store_and_a_state()
    {
        using TemporaryFolder folder = new();
        string[] arguments =
        [
            "hyper", "node", "--persistent", "--host", "127.77.118.1", "--private", "--store", $"sqlite:{folder["hyper.sqlite"]}", "--state", folder["hyper.json"],
        ];
        string target = string.Empty;
        string endpoint = string.Empty;
        for (int run = 0; run < 2; run++)
        {
            // The port of the first run is the kernel's choice, the second has it from the state.
            await using DhtRun node = DhtRun.Start(run == 0 ? [.. arguments, "--port", "0", .. network.Here] : arguments);
            string started = await StartedAsync(node);
            if (run == 1)
            {
                started.ShouldBe(endpoint);
                node.Error.Text.ShouldBeEmpty("the saved contacts answer: no bootstrap node is named");
            }

            endpoint = started;
            target = run == 0 ? (await DhtRun.RunAsync("hyper", "put", "kept", "--private", "-b", endpoint)).ShouldEndWith(0).Lines[0] : target;
            DhtResult answer = await DhtRun.RunAsync("hyper", "query", "9", target, "--node", endpoint, "--private");
            answer.ShouldEndWith(0).Lines.ShouldHaveSingleItem().ShouldEndWith(" kept");
            (await node.InterruptAsync()).ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("--persistent", true)]
    [InlineData("--ephemeral", false)]
    public async Task A_node_is_kept_by_others_or_not_as_it_was_told(string how, bool hasId)
    {
        await using DhtRun node = DhtRun.Start(["hyper", "node", how, "--host", "127.77.119.1", "--port", "0", .. network.Here]);
        string endpoint = await StartedAsync(node);
        DhtResult ping = (await DhtRun.RunAsync("hyper", "ping", endpoint, "--private", "-o", "json")).ShouldEndWith(0);
        (ping.Json[0].GetProperty("id").GetString() is not null).ShouldBe(hasId);
    }

    [Fact]
    public async Task A_key_file_is_the_node_s_own_key_pair_and_no_limits_is_said_loudly()
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        await using DhtRun node = DhtRun.Start(["hyper", "node", "--key", folder["key"], "--no-limits", "--diversity", "off", "--host", "127.77.121.1", "--port", "0", .. network.Here]);
        await StartedAsync(node);
        node.Error.Lines.ShouldHaveSingleItem().ShouldContain("WARNING");
    }

    /// <returns>Where it listens, once it is ready.</returns>
    private static async Task<string> StartedAsync(DhtRun node)
    {
        string line = await node.Output.WaitForAsync(line => line.StartsWith("listening on ", StringComparison.Ordinal));
        await node.Output.WaitForAsync(line => line == "ready");
        return line["listening on ".Length..];
    }
}
