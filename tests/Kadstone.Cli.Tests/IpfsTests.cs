using System.Text.Json;

namespace Kadstone.Cli.Tests;

/// <summary><c>dht ipfs</c> against three of its own daemons.</summary>
public sealed class IpfsTests(SmallIpfs network) : IClassFixture<SmallIpfs>, IDisposable
{
    private const string Nobody = "Qmd7qZS4T7xXtsNFdRoK1trfMs5zU94EpokQ9WFtxdPxsZ";
    private const string Nothing = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    private const string Content = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_daemon_says_where_it_listens_and_ends_with_0()
    {
        await using DhtRun daemon = SmallIpfs.StartDaemon("--gateway", "127.0.0.1:0");
        await daemon.Output.WaitForAsync(line => line == "Daemon is ready");
        daemon.Output.Lines.Select(line => line.Split("/tcp/")[0]).ShouldBe(
            ["Swarm listening on /ip4/127.0.0.1", "API server listening on /ip4/127.0.0.1", "Gateway server listening on /ip4/127.0.0.1", "Daemon is ready"]);
        (await daemon.InterruptAsync()).ShouldBe(0);
        daemon.Error.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task Findpeer_prints_addresses()
    {
        (await RunAsync("findpeer", network.Peer(1))).ShouldEndWith(0).Lines.ShouldBe([network.Address(1)]);
        JsonElement found = (await RunAsync("findpeer", network.Peer(1), "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        found.GetProperty("id").GetString().ShouldBe(network.Peer(1));
        $"{found.GetProperty("addrs")[0].GetString()}/p2p/{network.Peer(1)}".ShouldBe(network.Address(1));
    }

    [Fact]
    public async Task Who_is_not_there_is_not_found() => (await RunAsync("findpeer", Nobody)).ShouldEndWith(3).Error.ShouldContain(Nobody);

    [Fact]
    public async Task What_is_provided_is_found_and_counted()
    {
        await using DhtRun provider = DhtRun.Start(["ipfs", "provide", Content, "--advertise", "--listen", "/ip4/127.0.0.1/tcp/0", .. network.Here]);
        await provider.Output.WaitForAsync(line => line.StartsWith($"{Content} told to ", StringComparison.Ordinal));
        (await RunAsync("findprovs", Content)).ShouldEndWith(0).Lines.Length.ShouldBe(1);
        (await RunAsync("findprovs", Content, "-n", "1", "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem().GetProperty("addrs").GetArrayLength().ShouldBeGreaterThan(0);
        (await RunAsync("findprovs", Content, "-n", "5")).ShouldEndWith(4).Error.ShouldContain("1 of 5");
        (await provider.InterruptAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task What_nobody_provides_is_3() => (await RunAsync("findprovs", Nothing)).ShouldEndWith(3);

    [Fact]
    public async Task A_file_is_provided_block_by_block()
    {
        _folder.Write("file", new string('x', 300_000) + "end");
        string[] lines = (await RunAsync("provide", $"@{_folder["file"]}", "-r", "--listen", "/ip4/127.0.0.1/tcp/0", "-o", "json")).ShouldEndWith(0).Lines;
        lines.Length.ShouldBe(3);
        lines[0].ShouldContain("\"cid\":\"bafybei");
        lines[1].ShouldContain("\"cid\":\"bafkrei");
        (await RunAsync("provide", $"@{_folder["file"]}", "--listen", "/ip4/127.0.0.1/tcp/0")).ShouldEndWith(0).Lines.Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_name_is_published_resolved_got_and_put_again()
    {
        (await DhtRun.RunAsync("key", "new", _folder["me.key"])).ShouldEndWith(0);
        string[] published = (await RunAsync("name", "publish", Nothing, "--key", _folder["me.key"], "--seq", "5")).ShouldEndWith(0).Lines;
        string name = published[0].Split(' ')[0];
        published.ShouldBe([$"{name} /ipfs/{Nothing}", "seq 5"]);

        (await RunAsync("name", "resolve", name)).ShouldEndWith(0).Lines.ShouldBe([$"/ipfs/{Nothing}"]);
        JsonElement resolved = (await RunAsync("name", "resolve", $"/ipns/{name}", "-o", "json")).ShouldEndWith(0).Json.ShouldHaveSingleItem();
        resolved.GetProperty("seq").GetInt32().ShouldBe(5);

        string record = (await RunAsync("get", $"/ipns/{name}")).ShouldEndWith(0).Lines.ShouldHaveSingleItem();
        File.WriteAllBytes(_folder["record"], Convert.FromBase64String(record));
        (await RunAsync("put", $"/ipns/{name}", $"@{_folder["record"]}")).ShouldEndWith(0).Output.ShouldStartWith("stored at ");
        (await RunAsync("put", $"/ipns/{network.Peer(0)}", $"@{_folder["record"]}")).ShouldEndWith(2);
    }

    [Fact]
    public async Task A_name_that_nobody_published_is_3() => (await RunAsync("name", "resolve", network.Peer(2))).ShouldEndWith(3);

    [Fact]
    public async Task Query_lists_the_closest_and_on_request_what_happened()
    {
        (await RunAsync("query", network.Peer(2))).ShouldEndWith(0).Lines[0].ShouldBe(network.Peer(2));
        JsonElement[] events = (await RunAsync("query", network.Peer(2), "--events", "-o", "json")).ShouldEndWith(0).Json;
        events.Select(happened => happened.GetProperty("type").GetInt32()).Distinct().ShouldBeSubsetOf([0, 1, 2, 3, 6, 7]);
        events.Length.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task Id_tells_who_listens()
    {
        string[] lines = (await RunAsync("id", network.Address(1).Split("/p2p/")[0])).ShouldEndWith(0).Lines;
        lines[0].ShouldStartWith($"{network.Peer(1)} kadstone/");
        lines[1..].ShouldContain("/ipfs/lan/kad/1.0.0");
    }

    [Fact]
    public async Task Without_anybody_to_ask_it_is_6()
    {
        (await DhtRun.RunAsync(["ipfs", "findpeer", Nobody, .. SmallIpfs.Network])).ShouldEndWith(6);
        (await DhtRun.RunAsync(["ipfs", "findprovs", Nothing, "--bootstrap", $"/ip4/127.0.0.1/tcp/1/p2p/{Nobody}", .. SmallIpfs.Network])).ShouldEndWith(6);
        (await DhtRun.RunAsync(["ipfs", "id", "/ip4/127.0.0.1/tcp/1", .. SmallIpfs.Network])).ShouldEndWith(6);
    }

    public void Dispose() => _folder.Dispose();

    private Task<DhtResult> RunAsync(params string[] arguments) => DhtRun.RunAsync(["ipfs", .. arguments, .. network.Here]);
}
