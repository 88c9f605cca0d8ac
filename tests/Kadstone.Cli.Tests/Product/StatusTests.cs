using System.Net;
using System.Text.Json;
using Kadstone.Daemon;
using Kadstone.Hosting;

namespace Kadstone.Cli.Tests.Product;

[Collection(nameof(RunningDaemon))]
public sealed class StatusTests(RunningDaemon daemon)
{
    [Fact]
    public async Task It_says_a_verdict_a_line_a_network_and_the_store()
    {
        DhtResult result = await DhtRun.RunAsync(["status", .. daemon.Here]);
        result.ShouldEndWith(0).Error.ShouldBeEmpty();
        result.Lines[0].ShouldMatch(@"^\[(ok|warn)\] ");
        result.Lines[1].ShouldMatch(@"^\[(ok|warn)\] mainline: [0-9]+ contacts.*, [0-9.]+ packets/s and [0-9,]+ B/s sent, .*127\.77\.0\.1:[0-9]+$");
        result.Lines[2].ShouldMatch(@"^\[(ok|warn)\] hyperswarm: [0-9]+ contacts");
        result.Lines[3].ShouldMatch(@"^\[(ok|warn)\] ipfs: [0-9]+ contacts");
        result.Lines[4].ShouldMatch(@"^\[ok\] packet budget: [0-9]+ of 2000 packets/s, all networks together$");
        result.Lines[5].ShouldMatch(@"^\[ok\] store: sqlite, [0-9]+ records?$");
    }

    [Fact]
    public async Task As_JSON_it_is_the_API_s_own()
    {
        JsonElement status = (await DhtRun.RunAsync(["status", "-o", "json", .. daemon.Here])).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        status.GetProperty("verdict").GetProperty("level").GetString().ShouldBeOneOf("ok", "warn");
        status.GetProperty("networks").EnumerateArray().Select(network => network.GetProperty("name").GetString()).ShouldBe(["mainline", "hyperswarm", "ipfs"]);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Watching_tells_and_ends_with_0(string format)
    {
        await using DhtRun watch = DhtRun.Start(["status", "--watch", "-o", format, .. daemon.Here]);
        await watch.Output.WaitForAsync(line => line.Contains("mainline", StringComparison.Ordinal));
        (await watch.InterruptAsync()).ShouldBe(0);
        watch.Error.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_address_can_be_said_instead_of_the_folder()
    {
        (await DhtRun.RunAsync("status", "--api", daemon.Api)).ShouldEndWith(0);
        (await DhtRun.RunAsync("status", "--api", $"{daemon.Api}/")).ShouldEndWith(0);
        (await DhtRun.RunAsync("status", "--api", $"{daemon.Api}/v1")).ShouldEndWith(2).Error.ShouldContain("is no API");
    }

    [Fact]
    public async Task Without_a_daemon_it_is_6_and_one_sentence()
    {
        using TemporaryFolder folder = new();
        DhtResult none = await DhtRun.RunAsync("status", "--data", folder.Path);
        none.ShouldEndWith(6).Error.ShouldStartWith($"dht status: no daemon runs in {folder.Path};");
        none.Error.TrimEnd('\n').ShouldNotContain("\n");
        none.Output.ShouldBeEmpty();

        // A file that a killed process left: no process has this number.
        new DaemonFile(int.MaxValue, daemon.Api, null).Write(folder.Path);
        (await DhtRun.RunAsync("status", "--data", folder.Path)).ShouldEndWith(6).Error.ShouldContain("no daemon runs");
        new DaemonFile(Environment.ProcessId, null, null).Write(folder.Path);
        (await DhtRun.RunAsync("status", "--data", folder.Path)).ShouldEndWith(6).Error.ShouldContain("serves no API");
        (await DhtRun.RunAsync("status", "--api", "http://127.0.0.1:1")).ShouldEndWith(6).Error.ShouldContain("http://127.0.0.1:1 cannot be reached");
    }

    [Fact]
    public async Task The_token_comes_from_the_folder_or_the_command_line()
    {
        const string Token = "a-token-of-this-test";
        using TemporaryFolder folder = new();
        await using KadstoneNode node = await KadstoneNode.CreateAsync(
            new KadstoneOptions { DataFolder = null, Mainline = new() { Addresses = [IPAddress.Loopback], Scope = Datagrams.AddressScope.Private, Bootstrap = [] } },
            cancellationToken: TestContext.Current.CancellationToken);
        await using KadstoneDaemon other = await KadstoneDaemon.StartAsync(
            node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0), Token = Token }, cancellationToken: TestContext.Current.CancellationToken);
        string api = $"http://{other.Api}";
        new DaemonFile(Environment.ProcessId, api, Token).Write(folder.Path);

        // The node is alone: the verdict is that it is, in whatever words, and not that the token is missing.
        (await DhtRun.RunAsync("status", "--data", folder.Path)).Output.ShouldContain("mainline: 0 contacts");
        (await DhtRun.RunAsync("status", "--api", api, "--token", Token)).Output.ShouldContain("mainline: 0 contacts");
        DhtResult without = await DhtRun.RunAsync("status", "--api", api);
        without.ShouldEndWith(2).Error.ShouldContain("asks for its token");
        (await DhtRun.RunAsync("status", "--data", folder.Path, "--token", "another-token-of-it")).ShouldEndWith(2);

        // What does not run is not found, and nobody is known.
        (await DhtRun.RunAsync("table", "ipfs", "--data", folder.Path)).ShouldEndWith(3).Error.ShouldContain("mainline does");
        (await DhtRun.RunAsync("table", "--data", folder.Path)).ShouldEndWith(3).Error.ShouldContain("no contact is known");
        (await DhtRun.RunAsync("size", "--data", folder.Path)).ShouldEndWith(3).Output.ShouldBe("mainline no estimate, 0 contacts\n");
        (await DhtRun.RunAsync("trace", "last", "--kind", "nothing", "--data", folder.Path)).ShouldEndWith(3);
        (await DhtRun.RunAsync("check", SmallNetwork.NewInfoHash(), "--data", folder.Path)).ShouldEndWith(6).Output.ShouldContain("[fail] mainline: ");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "none of a Kadstone daemon")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]", "none of a Kadstone daemon")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", "none of a Kadstone daemon")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached")]
    [InlineData("HTTP/1.1 503 Away\r\nContent-Length: 24\r\nConnection: close\r\n\r\n{\"error\": \"It is away.\"}", "It is away.")]
    public async Task What_is_no_daemon_is_6(string answer, string sentence)
    {
        await using DeafServer server = new(answer);
        DhtResult result = await DhtRun.RunAsync("status", "--api", server.Url);
        result.ShouldEndWith(6).Error.ShouldContain(sentence);
        result.Error.TrimEnd('\n').ShouldNotContain("\n");
    }
}
