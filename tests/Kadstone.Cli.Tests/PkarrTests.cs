using System.Net;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli.Tests;

/// <summary><c>dht pkarr</c> against the small network, and against a relay on it.</summary>
public sealed class PkarrTests(SmallNetwork network) : IAsyncLifetime
{
    private MainlineDht _dht = null!;
    private PkarrRelay _relay = null!;

    private string[] Relay => ["--relay", $"http://{_relay.Endpoint}"];

    [Fact]
    public async Task Records_are_published_and_resolved_over_the_network()
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        DhtResult published = await DhtRun.RunAsync(
            ["pkarr", "publish", "--key", folder["key"], "TXT", "_hello", "world", "a", "@", "192.0.2.1", "HTTPS", "@", "1 . alpn=h2 port=8443", "--ttl", "300", .. network.Here]);
        string key = published.ShouldEndWith(0).Lines[0];
        key.ShouldMatch("^[ybndrfg8ejkmcpqxot1uwisza345h769]{52}$");
        published.Lines[1].ShouldMatch("^stored at [1-8] nodes$");
        published.Lines[2].ShouldMatch("^timestamp [0-9]{16}$");

        (await DhtRun.RunAsync(["pkarr", "resolve", key, .. network.Here])).ShouldEndWith(0).Lines.ShouldBe(
            [$"_hello.{key} 300 TXT \"world\"", $"{key} 300 A 192.0.2.1", $"{key} 300 HTTPS 1 . alpn=h2 port=8443"]);
        (await DhtRun.RunAsync(["pkarr", "resolve", $"https://sub.{key}/path", "--name", "_HELLO", .. network.Here])).ShouldEndWith(0).Lines.ShouldBe([$"_hello.{key} 300 TXT \"world\""]);
        (await DhtRun.RunAsync(["pkarr", "resolve", $"pk:{key}", "--name", "nothing", .. network.Here])).ShouldEndWith(3).Error.ShouldBe("dht: no record of that name was found.\n");
    }

    [Fact]
    public async Task What_goes_in_by_a_relay_comes_out_of_the_network_and_the_other_way()
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        string key = (await DhtRun.RunAsync(["pkarr", "publish", "--key", folder["key"], "TXT", "@", "one", .. Relay])).ShouldEndWith(0).Lines[0];
        (await DhtRun.RunAsync(["pkarr", "resolve", key, .. network.Here])).ShouldEndWith(0).Output.ShouldBe($"{key} 3600 TXT \"one\"\n");
        (await DhtRun.RunAsync(["pkarr", "publish", "--key", folder["key"], "TXT", "@", "two", .. network.Here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["pkarr", "resolve", key, .. Relay])).ShouldEndWith(0).Output.ShouldContain("\"one\"", Case.Sensitive, "the relay's own, as long as it holds");
        (await DhtRun.RunAsync(["pkarr", "resolve", key, "--fresh", .. Relay])).ShouldEndWith(0).Output.ShouldContain("\"two\"");
        (await DhtRun.RunAsync(["pkarr", "publish", "--key", folder["key"], "TXT", "@", "three", .. Relay])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["pkarr", "resolve", key, .. network.Here])).ShouldEndWith(0).Output.ShouldContain("\"three\"");
    }

    [Fact]
    public async Task Json_tells_all_of_a_record()
    {
        using TemporaryFolder folder = new();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        JsonElement published = (await DhtRun.RunAsync(["pkarr", "publish", "--key", folder["key"], "TXT", "x", "ü", "-o", "json", .. network.Here])).Json.ShouldHaveSingleItem();
        published.GetProperty("public_key").GetString().ShouldBe(publicKey);
        published.GetProperty("stored").GetInt32().ShouldBePositive();
        string key = published.GetProperty("key").GetString()!;
        JsonElement record = (await DhtRun.RunAsync(["pkarr", "resolve", key, "-o", "json", .. Relay])).Json.ShouldHaveSingleItem();
        record.GetProperty("name").GetString().ShouldBe($"x.{key}");
        record.GetProperty("ttl").GetInt32().ShouldBe(3600);
        record.GetProperty("type").GetString().ShouldBe("TXT");
        record.GetProperty("content").GetString().ShouldBe("\"\\195\\188\"");
        record.GetProperty("text").GetString().ShouldBe("ü");
        record.GetProperty("content_hex").GetString().ShouldBe("02c3bc");
        record.GetProperty("timestamp").GetInt64().ShouldBe(published.GetProperty("timestamp").GetInt64());
    }

    [Fact]
    public async Task A_ready_message_is_published_byte_for_byte()
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        await File.WriteAllBytesAsync(folder["message"], Convert.FromHexString("00008000000000010000000001780000010001000000780004c0000201"), TestContext.Current.CancellationToken);
        string key = (await DhtRun.RunAsync(["pkarr", "publish", "--key", folder["key"], "--packet", folder["message"], .. network.Here])).ShouldEndWith(0).Lines[0];
        (await DhtRun.RunAsync(["pkarr", "resolve", key, .. network.Here])).ShouldEndWith(0).Output.ShouldBe("x 120 A 192.0.2.1\n");
    }

    [Fact]
    public async Task Nothing_is_found_under_a_key_that_nobody_used()
    {
        const string Unused = "fgsmiakbzufxbctqdkkpguemah5bhwupbx9bf1rz116jgewspzmo";
        (await DhtRun.RunAsync(["pkarr", "resolve", Unused, .. network.Here])).ShouldEndWith(3).Error.ShouldBe("dht: nobody stores a packet under this key.\n");
        (await DhtRun.RunAsync(["pkarr", "resolve", Unused, .. Relay])).ShouldEndWith(3);
        (await DhtRun.RunAsync("pkarr", "resolve", Unused, "--relay", "http://127.0.0.1:1")).ShouldEndWith(6).Error.ShouldContain("cannot be reached");
    }

    [Theory]
    [InlineData("resolve junk", "KEY: 'junk' is no key; 52 letters of z-base-32 are expected")]
    [InlineData("resolve fgsmiakbzufxbctqdkkpguemah5bhwupbx9bf1rz116jgewspzmo --relay ftp://x", "--relay: 'ftp://x' is no relay;")]
    [InlineData("publish --key KEY", "there is nothing to publish; TYPE NAME VALUE or --packet FILE is needed.")]
    [InlineData("publish --key KEY TXT x", "ends in the middle of a record")]
    [InlineData("publish --key KEY MX x y", "'MX' is no type; A, AAAA, CNAME, TXT, NS, SVCB and HTTPS are allowed.")]
    [InlineData("publish --key KEY A x nowhere", "'A x nowhere' is no IPv4 address")]
    [InlineData("publish --key KEY A a..b 192.0.2.1", "is no name; labels of 1 to 63 bytes")]
    [InlineData("publish --key KEY A x 192.0.2.1 --ttl soon", "--ttl: 'soon' is no time to live;")]
    [InlineData("publish --key KEY A x 192.0.2.1 --packet y", "records and --packet exclude each other")]
    [InlineData("publish --key KEY --packet KEY", "is no DNS message.")]
    [InlineData("publish --key KEY TXT x LONG", "at most 996 are allowed (BEP 44).")]
    [InlineData("publish A x 192.0.2.1", "--key")]
    public async Task A_mistake_is_one_sentence(string line, string sentence)
    {
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        string[] words = [.. line.Split(' ').Select(word => word switch { "KEY" => folder["key"], "LONG" => new string('x', 1000), _ => word })];
        (await DhtRun.RunAsync(["pkarr", .. words])).ShouldEndWith(2).Error.ShouldContain(sentence);
    }

    public async ValueTask InitializeAsync()
    {
        _dht = await MainlineDht.CreateAsync(new MainlineOptions { Addresses = [IPAddress.Parse("127.77.119.1")], Scope = AddressScope.Private, Bootstrap = [network.Bootstrap] });
        await _dht.WaitForNetworkAsync();
        _relay = await PkarrRelay.StartAsync(_dht, new PkarrRelayOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), LookupBurst = 1000 });
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _dht.DisposeAsync();
    }
}
