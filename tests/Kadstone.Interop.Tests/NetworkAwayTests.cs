using System.Diagnostics;
using System.Text.Json;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>Bar 7 with the daemon as people run it: started without a network, which comes, goes and comes again.</summary>
public sealed class NetworkAwayTests
{
    // The bar; a loaded machine has ten times as long before the test gives up.
    private static readonly TimeSpan s_bar = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(4);

    private static readonly string[] s_networks = ["mainline", "hyperswarm", "ipfs"];

    [Fact]
    [Trait("Category", "Bars")]
    public async Task A_daemon_without_a_network_says_so_stays_quiet_and_finds_in_when_the_link_is_there()
    {
        PeerAvailability.RequireKadstone();
        await using TwoNamespaces machines = await TwoNamespaces.CreateAsync();
        using TemporaryDirectory folder = new();
        await using PeerProcess far = machines.StartFar("far", "dotnet", [
            Repository.DhtCommand, "up", "--networks", "mainline,ipfs", "--data", "far", "--config", Configuration(folder.Path, "far", "none", "none", "none"), "--api", "off"], folder.Path);
        string listening = await far.WaitForLineAsync("where IPFS listens", line => line.StartsWith("ipfs: this node listening on ", StringComparison.Ordinal));
        string peer = listening.Split(' ')[^1];

        // A node alone does not know that others reach it; this one is told.
        await using PeerProcess farHyperswarm = machines.StartFar("far, Hyperswarm", "dotnet", [
            Repository.DhtCommand, "hyper", "bootstrap", "--host", TwoNamespaces.Far, "--port", "49737", "--private"], folder.Path);
        await farHyperswarm.WaitForLineAsync("where Hyperswarm listens", line => line.Contains(":49737", StringComparison.Ordinal));

        // No link at all.
        await using PeerProcess near = machines.StartNear("near", "dotnet", [
            Repository.DhtCommand, "up", "--data", "near", "-o", "json",
            "--config", Configuration(folder.Path, "near", $"{TwoNamespaces.Far}:6881", $"{TwoNamespaces.Far}:49737", peer)], folder.Path);
        foreach (string network in s_networks)
        {
            await near.WaitForLineAsync(
                $"{network} has no network",
                line => line.Contains("\"no_network\"", StringComparison.Ordinal) && line.Contains(network, StringComparison.Ordinal),
                s_guard);
        }

        JsonElement status = await StatusAsync(machines, folder.Path, _ => true);
        status.GetProperty("verdict").GetProperty("level").GetString().ShouldBe("fail");
        foreach (JsonElement network in status.GetProperty("networks").EnumerateArray())
        {
            network.GetProperty("level").GetString().ShouldBe("fail");
            network.GetProperty("verdict").GetString()!.ShouldContain("nobody answers, no contact is known");
            network.GetProperty("next").GetString()!.ShouldStartWith("Check the connection");
        }

        // A link with nobody behind it: what leaves is all to join by.
        await machines.FixFarAsync();
        await machines.SwitchFarAsync(isOn: false);
        await machines.PlugAsync(isIn: true);
        Dictionary<string, long> before = Sent(await StatusAsync(machines, folder.Path, _ => true));
        Stopwatch quiet = Stopwatch.StartNew();
        status = await StatusAsync(machines, folder.Path, _ => quiet.Elapsed > TimeSpan.FromSeconds(30));
        double seconds = quiet.Elapsed.TotalSeconds;
        foreach ((string network, long sent) in Sent(status))
        {
            Report($"bar 7: {network} sent {sent - before[network]} in {seconds:0} s with nobody there");
            ((double)(sent - before[network])).ShouldBeLessThanOrEqualTo(Math.Ceiling(seconds), network);
        }

        await machines.SwitchFarAsync(isOn: true);
        await JoinedAsync(machines, folder.Path, "first");

        // Pulled: contacts are known from before, and still the status says that nobody is there.
        await machines.PlugAsync(isIn: false);
        Stopwatch away = Stopwatch.StartNew();
        status = await StatusAsync(machines, folder.Path, answer => s_networks.All(network => LevelOf(answer, network) == "fail"));
        Report($"bar 7: offline in the status {away.Elapsed.TotalSeconds:0} s after the link was pulled");
        foreach (JsonElement network in status.GetProperty("networks").EnumerateArray())
        {
            network.GetProperty("verdict").GetString()!.ShouldMatch("nobody has answered for|nobody answers");
            network.GetProperty("next").GetString().ShouldNotBeNull();
        }

        await machines.PlugAsync(isIn: true);
        await machines.FixFarAsync();
        await JoinedAsync(machines, folder.Path, "again");
    }

    private static async Task JoinedAsync(TwoNamespaces machines, string folder, string which)
    {
        Stopwatch clock = Stopwatch.StartNew();
        await StatusAsync(machines, folder, answer => s_networks.All(network => LevelOf(answer, network) != "fail" && Contacts(answer, network) > 0));
        Report($"bar 7: all three networks work {clock.Elapsed.TotalSeconds:0.0} s after the network came ({which})");
        clock.Elapsed.ShouldBeLessThanOrEqualTo(s_bar);
    }

    /// <summary>Asks as people do, from the machine itself, until the answer is the one awaited.</summary>
    private static Task<JsonElement> StatusAsync(TwoNamespaces machines, string folder, Func<JsonElement, bool> isGood) => Eventually.GetAsync(
        "the daemon's status",
        async () =>
        {
            await using PeerProcess ask = machines.StartNear("dht status", "dotnet", [Repository.DhtCommand, "status", "--data", "near", "-o", "json"], folder);
            string line = await ask.WaitForLineAsync("the status", text => text.StartsWith('{'));
            return JsonDocument.Parse(line).RootElement.Clone();
        },
        isGood,
        s_guard);

    private static string? LevelOf(JsonElement status, string network) => Of(status, network).GetProperty("level").GetString();

    private static int Contacts(JsonElement status, string network) => Of(status, network).GetProperty("contacts").GetInt32();

    private static Dictionary<string, long> Sent(JsonElement status) =>
        s_networks.ToDictionary(network => network, network => Of(status, network).GetProperty("traffic").GetProperty("sent").GetInt64());

    private static JsonElement Of(JsonElement status, string network) =>
        status.GetProperty("networks").EnumerateArray().Single(one => one.GetProperty("name").GetString() == network);

    private static string Configuration(string folder, string name, string mainline, string hyperswarm, string ipfs)
    {
        string file = Path.Combine(folder, $"{name}.json");
        string address = name == "far" ? TwoNamespaces.Far : TwoNamespaces.Near;
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            Kadstone = new
            {
                Private = true,
                Store = "memory",
                Mainline = new { Bootstrap = (string[])[mainline] },
                Hyperswarm = new { PublicAddress = address, Bootstrap = (string[])[hyperswarm] },
                Ipfs = new { Listen = (string[])[$"/ip4/{(name == "far" ? address : "0.0.0.0")}/tcp/4001"], Mode = "server", Bootstrap = (string[])[ipfs] },
            },
        }));
        return file;
    }

    private static void Report(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
