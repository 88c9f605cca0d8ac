using System.Text.Json;

namespace Kadstone.Cli.Tests;

public sealed class UpTests
{
    // How many is the networks' own tests' affair, in virtual time: here a busy machine may let one of them be late.
    private const string StoredAtSome = "^stored at [1-9][0-9]* nodes\n$";

    [Fact]
    public async Task A_devnet_comes_up_answers_keeps_its_folder_and_comes_up_again()
    {
        using TemporaryFolder folder = new();
        for (int run = 0; run < 2; run++)
        {
            await using DhtRun up = DhtRun.Start("up", "--devnet", "--nodes", "9", "--data", folder["data"]);
            await up.Output.WaitForAsync(line => line.Contains("ready", StringComparison.Ordinal));
            string example = await up.Output.WaitForAsync(line => line.Contains("./dht mainline announce", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0).Output.ShouldMatch(StoredAtSome);
            example = await up.Output.WaitForAsync(line => line.Contains("./dht mainline peers", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0).Output.ShouldBe("127.0.0.1:51413\n");
            example = await up.Output.WaitForAsync(line => line.Contains("./dht hyper announce", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0).Output.ShouldMatch(StoredAtSome);
            example = await up.Output.WaitForAsync(line => line.Contains("./dht hyper lookup", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0).Output.ShouldEndWith(" 127.0.0.1:10000\n");

            example = await up.Output.WaitForAsync(line => line.Contains("./dht ipfs provide", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0);
            example = await up.Output.WaitForAsync(line => line.Contains("./dht ipfs findprovs", StringComparison.Ordinal));
            (await DhtRun.RunAsync(example.Trim().Split(' ')[1..])).ShouldEndWith(0).Output.ShouldStartWith("12D3Koo");

            string daemon = Path.Combine(folder["data"], "daemon.json");
            JsonElement file = JsonDocument.Parse(await File.ReadAllBytesAsync(daemon, TestContext.Current.CancellationToken)).RootElement;
            file.GetProperty("pid").GetInt32().ShouldBe(Environment.ProcessId);
            using (HttpClient client = new())
            {
                // Kubo's RPC answers to POST alone.
                using HttpResponseMessage id = await client.PostAsync(new Uri($"{file.GetProperty("api").GetString()}/api/v0/id"), null, TestContext.Current.CancellationToken);
                (await id.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("12D3Koo");
            }

            file.GetProperty("token").ValueKind.ShouldBe(JsonValueKind.Null, "a loopback address needs none");
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(daemon).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            DhtResult second = await DhtRun.RunAsync("up", "--devnet", "--data", folder["data"]);
            second.ShouldEndWith(2).Error.ShouldContain($"process {Environment.ProcessId}");
            (await up.InterruptAsync()).ShouldBe(0);
            up.Error.Text.ShouldBeEmpty();
            Directory.GetFiles(folder["data"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["hyper.json", "ipfs.json", "key", "lock", "node.sqlite", "state.json"]);
        }
    }

    [Fact]
    public async Task Events_can_be_JSON()
    {
        using TemporaryFolder folder = new();
        await using DhtRun up = DhtRun.Start("up", "--devnet", "--nodes", "3", "--data", folder["data"], "--api", "off", "-o", "json");
        await up.Output.WaitForAsync(line => line.Contains("\"ready\"", StringComparison.Ordinal));
        (await up.InterruptAsync()).ShouldBe(0);
        string[] events = [.. up.Output.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!).Distinct()];
        events.ShouldBe(["listening", "joined", "ready", "status", "stopped"]);
        foreach (string network in (string[])["mainline", "hyperswarm", "ipfs"])
        {
            JsonElement[] own = [.. up.Output.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("network", out JsonElement of) && of.GetString() == network)];
            own.Count(line => line.GetProperty("event").GetString() == "listening").ShouldBe(4, "three nodes and this machine's own");
            own.Count(line => line.GetProperty("event").GetString() == "joined").ShouldBe(1);
        }

        up.Output.Lines.Count(line => line.Contains("\"ready\"", StringComparison.Ordinal)).ShouldBe(1, "one line once all networks answer");
    }

    [Fact]
    public async Task Stopped_while_it_starts_it_ends_with_0()
    {
        using TemporaryFolder folder = new();
        await using DhtRun up = DhtRun.Start("up", "--devnet", "--data", folder["data"]);
        await up.Output.WaitForAsync(line => line.StartsWith("hyperswarm node 2 ", StringComparison.Ordinal));
        (await up.InterruptAsync()).ShouldBe(0);
        File.Exists(Path.Combine(folder["data"], "daemon.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_devnet_of_one_network_with_a_store_in_memory()
    {
        using TemporaryFolder folder = new();
        folder.Write("settings.json", """{ "Kadstone": { "Networks": "ipfs", "Store": "memory", "PacketBudget": 345 } }""");
        await using DhtRun up = DhtRun.Start("up", "--devnet", "--nodes", "3", "--config", folder["settings.json"], "--data", folder["data"], "--api", "off", "-o", "json");
        string ready = await up.Output.WaitForAsync(line => line.Contains("\"ready\"", StringComparison.Ordinal));
        JsonElement told = JsonDocument.Parse(ready).RootElement;
        told.GetProperty("packet_budget").GetInt32().ShouldBe(345);
        told.GetProperty("ipfs_own").GetString()!.ShouldStartWith("/ip4/127.77.0.1/tcp/");
        told.TryGetProperty("bootstrap", out _).ShouldBeFalse();
        (await up.InterruptAsync()).ShouldBe(0);
        up.Output.Text.ShouldNotContain("mainline");
        Directory.GetFiles(folder["data"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["ipfs.json", "key", "lock"]);
    }

    [Theory]
    [InlineData("sqlite:/nowhere/node.sqlite", "/nowhere is not there")]
    [InlineData("postgres:Host=/nowhere;Username=kadstone;Password=secret", "postgres cannot be opened")]
    public async Task A_store_that_cannot_be_opened_ends_it_before_anybody_is_asked(string store, string sentence)
    {
        using TemporaryFolder folder = new();
        DhtResult result = await DhtRun.RunAsync("up", "--data", folder["data"], "--store", store, "--networks", "hyperswarm", "--hyper-port", "0");
        result.ShouldEndWith(2).Error.ShouldStartWith("dht up: --store ");
        result.Error.ShouldContain(sentence);
        result.Error.ShouldNotContain("secret");
        result.Error.TrimEnd('\n').Split('\n').Length.ShouldBe(1);
        Directory.GetFiles(folder["data"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["key", "lock"]);
    }

    [Fact]
    public async Task Networks_may_begin_here_and_the_second_node_finds_the_first()
    {
        using TemporaryFolder folder = new();
        folder.Write("first.json", """
            { "Kadstone": { "Private": true, "Networks": "mainline,ipfs", "Store": "memory", "Api": "off",
                "Mainline": { "Port": 0, "Addresses": "127.77.210.1", "Bootstrap": "none" },
                "Ipfs": { "Listen": "/ip4/127.77.210.1/tcp/0", "Bootstrap": "none", "Scope": "lan" } } }
            """);
        await using DhtRun first = DhtRun.Start("up", "--config", folder["first.json"], "--data", folder["first"]);
        await first.Output.WaitForAsync(line => line == "ready: 0 nodes of Mainline and 0 of IPFS answered");
        string At(string network) => first.Output.Lines.Single(line => line.StartsWith($"{network}: this node listening on ", StringComparison.Ordinal)).Split(' ')[^1];
        folder.Write("second.json", $$"""
            { "Kadstone": { "Private": true, "Networks": ["mainline", "ipfs"], "Store": "memory", "Api": "off",
                "Mainline": { "Port": 0, "Addresses": "127.77.211.1", "Bootstrap": "{{At("mainline")}}" },
                "Ipfs": { "Listen": "/ip4/127.77.211.1/tcp/0", "Bootstrap": ["{{At("ipfs")}}"], "Scope": "lan" } } }
            """);
        await using DhtRun second = DhtRun.Start("up", "--config", folder["second.json"], "--data", folder["second"]);
        await second.Output.WaitForAsync(line => line == "ready: 1 nodes of Mainline and 1 of IPFS answered");
        (await second.InterruptAsync()).ShouldBe(0);
        (await first.InterruptAsync()).ShouldBe(0);
        second.Error.Text.ShouldBeEmpty();
    }
}
