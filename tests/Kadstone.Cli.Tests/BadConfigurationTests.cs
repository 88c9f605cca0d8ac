using System.Net;
using System.Net.Sockets;

namespace Kadstone.Cli.Tests;

/// <summary>Whatever is wrong on the command line: exit 2, at most three lines that name the option, the value and what is allowed.</summary>
public sealed class BadConfigurationTests : IDisposable
{
    private const string Hash = "2b66980093bc11806fab50cb3cb41835b95a0362";
    private const string Key = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";

    private const string Content = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    private readonly TemporaryFolder _folder = new();
    private readonly TcpListener _takenTcp = new(IPAddress.Parse("127.77.127.1"), 0);
    private readonly Socket _taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public BadConfigurationTests()
    {
        _taken.Bind(new IPEndPoint(IPAddress.Parse("127.77.127.1"), 0));
        _takenTcp.Start();
        _folder.Write("plain", "nothing of ours");
        _folder.Write("long", new string('x', 998));
        _folder.Write("array.json", "[]");
        _folder.Write("typo.json", """{ "Kadstone": { "Mainline": { "Prot": 1 } } }""");
        _folder.Write("value.json", """{ "Kadstone": { "PacketBudget": "lots" } }""");
        _folder.Write("twice.json", """{ "Kadstone": { "Profile": "laptop", "profile": "server" } }""");
        _folder.Write("huge", new string('x', 100_000));
    }

    /// <summary>The command line; what the sentence names; which value it quotes. DIR is a folder, TAKEN a UDP port in use, WEB one of TCP.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        { "mainline node --port abc", "--port", "'abc'" },
        { "mainline node --port -1", "--port", "'-1'" },
        { "mainline node --port 65536", "--port", "'65536'" },
        { "mainline node --port 1.5", "--port", "'1.5'" },
        { "mainline node --port", "--port", "" },
        { "mainline node --port 1 --port 2", "--port", "'2'" },
        { "mainline node --port TAKEN --host 127.77.127.1 --private", "--port", "TAKEN" },
        { "mainline node --host localhost", "--host", "'localhost'" },
        { "mainline node --host 1", "--host", "'1'" },
        { "mainline node --host 256.1.1.1", "--host", "'256.1.1.1'" },
        { "mainline node --host 192.0.2.1 --port 0 --private", "--host", "192.0.2.1" },
        { "mainline node --bootstrap router", "--bootstrap", "'router'" },
        { "mainline node --bootstrap router:0", "--bootstrap", "'router:0'" },
        { "mainline node --bootstrap router:65536", "--bootstrap", "'router:65536'" },
        { "mainline node --bootstrap :6881", "--bootstrap", "':6881'" },
        { "mainline node --bootstrap 1.2.3.400:6881", "--bootstrap", "'1.2.3.400:6881'" },
        { "mainline node --bootstrap ::1:6881", "--bootstrap", "'::1:6881'" },
        { "mainline node --bootstrap [::1]", "--bootstrap", "'[::1]'" },
        { "mainline node --bootstrap a:1 --bootstrap b", "--bootstrap", "'b'" },
        { "mainline node --id xyz", "--id", "'xyz'" },
        { "mainline node --id 2b66980093bc11806fab50cb3cb41835b95a036", "--id", "'2b66980093bc11806fab50cb3cb41835b95a036'" },
        { "mainline node --store disk", "--store", "'disk'" },
        { "mainline node --store sqlite:", "--store", "'sqlite:'" },
        { "mainline node --store postgres:", "--store", "'postgres:'" },
        { "mainline node --port 0 --private --store postgres:Nonsense=1", "--store", "nonsense" },
        { "mainline node --port 0 --private --store postgres:Host=/nowhere;Username=kadstone", "--store", "/nowhere" },
        { "mainline node --port 0 --private --store sqlite:/nowhere/node.sqlite", "--store", "/nowhere/node.sqlite" },
        { "mainline node --port 0 --private --store sqlite:DIR/plain", "--store", "DIR/plain" },
        { "mainline node --port 0 --private --store sqlite:DIR", "--store", "DIR" },
        { "mainline node --port 0 --private --state /nowhere/state.json", "--state", "/nowhere/state.json" },
        { "mainline node --port 0 --private --state DIR", "--state", "DIR" },
        { "mainline node --port 0 --private --state /proc/1/state.json", "--state", "/proc/1/state.json" },
        { "mainline node --diversity maybe", "--diversity", "'maybe'" },
        { "mainline node --public --private", "--public", "--private" },
        { "mainline node --frobnicate", "--frobnicate", "'--frobnicate'" },
        { "mainline node extra", "'extra'", "'extra'" },
        { "mainline peers", "INFOHASH|MAGNET", "" },
        { "mainline peers xyz", "INFOHASH|MAGNET", "'xyz'" },
        { "mainline peers magnet:?dn=name", "INFOHASH|MAGNET", "'magnet:?dn=name'" },
        { "mainline peers magnet:?xt=urn:btih:1234", "INFOHASH|MAGNET", "urn:btih:1234" },
        { $"mainline peers {Hash} {Hash}", "INFOHASH|MAGNET", Hash },
        { $"mainline peers {Hash} --timeout 30", "--timeout", "'30'" },
        { $"mainline peers {Hash} --timeout 0s", "--timeout", "'0s'" },
        { $"mainline peers {Hash} --timeout -5s", "--timeout", "'-5s'" },
        { $"mainline peers {Hash} --timeout 25h", "--timeout", "'25h'" },
        { $"mainline peers {Hash} --timeout soon", "--timeout", "'soon'" },
        { $"mainline peers {Hash} --timeout NaNs", "--timeout", "'NaNs'" },
        { $"mainline peers {Hash} -o xml", "--output", "'xml'" },
        { $"mainline peers {Hash} --count 0", "--count", "'0'" },
        { $"mainline peers {Hash} --count many", "--count", "'many'" },
        { $"mainline announce {Hash}", "--peer-port", "" },
        { $"mainline announce {Hash} --peer-port 70000", "--peer-port", "'70000'" },
        { $"mainline announce {Hash} --peer-port 5 --implied-port", "--peer-port", "--implied-port" },
        { $"mainline announce {Hash} --peer-port 5 --min 0", "--min", "'0'" },
        { "mainline ping", "HOST:PORT", "" },
        { "mainline ping router", "HOST:PORT", "'router'" },
        { "mainline ping 127.0.0.1:1 127.0.0.1:0", "HOST:PORT", "'127.0.0.1:0'" },
        { "mainline find-node", "KEY", "" },
        { "mainline find-node zz", "KEY", "'zz'" },
        { "mainline get", "TARGET", "" },
        { "mainline get zz", "TARGET", "'zz'" },
        { $"mainline get {Hash} --public-key {Key}", "--public-key", "" },
        { "mainline get --public-key abcd", "--public-key", "'abcd'" },
        { $"mainline get {Hash} --salt x", "--salt", "" },
        { $"mainline get {Key} --salt hex:abc", "--salt", "'hex:abc'" },
        { $"mainline get {Key} --salt {Key}x", "--salt", "65 bytes" },
        { $"mainline get magnet:?xt=urn:btih:{Hash}", "TARGET", Hash },
        { "mainline put", "@FILE", "" },
        { "mainline put @/nowhere/letter", "VALUE", "'/nowhere/letter'" },
        { "mainline put @DIR", "VALUE", "'DIR'" },
        { "mainline put @DIR/long", "VALUE", "1002 bytes" },
        { "mainline put @DIR/huge", "VALUE", "DIR/huge" },
        { "mainline put i01e --bencoded", "VALUE", "" },
        { "mainline put x --seq 1", "--seq", "--key" },
        { "mainline put x --salt s", "--salt", "--key" },
        { "mainline put-signed x", "--key", "" },
        { "mainline put-signed x --key /nowhere/key", "--key", "'/nowhere/key'" },
        { "mainline put-signed x --key DIR/plain", "--key", "'DIR/plain'" },
        { "mainline put-signed x --key DIR/plain --seq -1", "--seq", "'-1'" },
        { "mainline put-signed x --key DIR/plain --seq 9223372036854775808", "--seq", "'9223372036854775808'" },
        { "mainline put-signed x --key DIR/plain --cas first", "--cas", "'first'" },
        { "mainline sample here", "KEY|HOST:PORT", "'here'" },
        { "mainline sample --node here", "--node", "'here'" },
        { "ipfs daemon --api here", "--api", "'here'" },
        { "ipfs daemon --api example.org:5001", "--api", "'example.org:5001'" },
        { "ipfs daemon --api 0.0.0.0:0 --listen /ip4/127.0.0.1/tcp/0 --private", "--api", "0.0.0.0:0" },
        { "ipfs daemon --api 127.77.127.1:WEB --listen /ip4/127.0.0.1/tcp/0 --private", "--api", "WEB" },
        { "ipfs daemon --api 127.0.0.1:0 --listen /ip4/127.77.127.1/tcp/WEB --private", "--listen", "WEB" },
        { "ipfs daemon --allow-origin example.org", "--allow-origin", "'example.org'" },
        { "ipfs daemon --allow-origin http://example.org/page", "--allow-origin", "'http://example.org/page'" },
        { "ipfs daemon --allow-host example.org:80", "--allow-host", "'example.org:80'" },
        { "ipfs daemon --listen 127.0.0.1:4001", "--listen", "'127.0.0.1:4001'" },
        { "ipfs daemon --listen /ip4/127.0.0.1/udp/4001/quic-v1", "--listen", "quic-v1" },
        { "ipfs daemon --bootstrap /ip4/127.0.0.1/tcp/4001", "--bootstrap", "'/ip4/127.0.0.1/tcp/4001'" },
        { "ipfs daemon --protocol kad", "--protocol", "'kad'" },
        { "ipfs daemon --protocol /kad/1.0.0", "--protocol", "'/kad/1.0.0'" },
        { "ipfs daemon --mode fast", "--mode", "'fast'" },
        { "ipfs daemon --addresses all", "--addresses", "'all'" },
        { "ipfs daemon --private --addresses lan", "--private", "--addresses" },
        { "ipfs daemon --token-file DIR/plain", "--token-file", "DIR/plain" },
        { "ipfs daemon --token-file /nowhere/token", "--token-file", "/nowhere/token" },
        { "ipfs daemon --key DIR/plain", "--key", "DIR/plain" },
        { "ipfs findpeer nobody", "PEER", "'nobody'" },
        { "ipfs findprovs nothing", "CID", "'nothing'" },
        { $"ipfs findprovs {Content} -n 0", "--count", "'0'" },
        { $"ipfs provide {Content} -r", "--recursive", Content },
        { "ipfs provide nothing", "CID", "'nothing'" },
        { "ipfs provide @/nowhere/file", "CID", "'@/nowhere/file'" },
        { "ipfs get /other/key", "KEY", "'/other/key'" },
        { "ipfs put /other/key @DIR/plain", "KEY", "'/other/key'" },
        { "ipfs query nobody", "PEER", "'nobody'" },
        { $"ipfs name publish {Content}", "--key", "" },
        { "ipfs name publish nothing --key DIR/plain", "PATH", "'nothing'" },
        { "ipfs name resolve nobody", "NAME", "'nobody'" },
        { "mainline frobnicate", "'frobnicate'", "'frobnicate'" },
        { "frobnicate", "'frobnicate'", "'frobnicate'" },
        { "key new DIR/plain", "FILE", "'DIR/plain'" },
        { "key new /nowhere/key", "FILE", "'/nowhere/key'" },
        { "key show /nowhere/key", "FILE", "'/nowhere/key'" },
        { "hyper node --port 65536", "--port", "'65536'" },
        { "hyper node -p abc", "--port", "'abc'" },
        { "hyper node --port TAKEN --host 127.77.127.1 --private", "--port", "TAKEN" },
        { "hyper node --port TAKEN --host 127.77.127.1 --private --wire gen1", "--port", "TAKEN" },
        { "hyper node --host ::1", "--host", "'::1'" },
        { "hyper node --host 192.0.2.1 --port 0 --private", "--host", "192.0.2.1" },
        { "hyper node --bootstrap a:0", "--bootstrap", "'a:0'" },
        { "hyper node --bootstrap ,", "--bootstrap", "','" },
        { "hyper node -b a:1,b:70000", "--bootstrap", "'a:1,b:70000'" },
        { "hyper node --wire v7", "--wire", "'v7'" },
        { "hyper node --persistent --ephemeral", "--persistent", "--ephemeral" },
        { "hyper node --store disk", "--store", "'disk'" },
        { "hyper node --port 0 --private --store sqlite:DIR/plain", "--store", "DIR/plain" },
        { "hyper node --port 0 --private --state /nowhere/state.json", "--state", "/nowhere/state.json" },
        { "hyper node --port 0 --private --key DIR/plain", "--key", "'DIR/plain'" },
        { "hyper node --wire gen1 --store memory", "--store", "--wire v6" },
        { "hyper node --wire gen1 --key DIR/plain", "--key", "--wire v6" },
        { "hyper node --wire gen1 --state DIR/state", "--state", "--wire v6" },
        { "hyper bootstrap --key DIR/plain", "--key", "'--key'" },
        { "hyper lookup", "TOPIC", "" },
        { "hyper lookup zz", "TOPIC", "'zz'" },
        { $"hyper lookup {Hash}", "TOPIC", Hash },
        { $"hyper lookup {Key} --local 192.168.1.2", "--local", "'192.168.1.2'" },
        { $"hyper lookup {Key} --local [::1]:5", "--local", "'[::1]:5'" },
        { $"hyper lookup {Key} --wire gen1 --state DIR/state --private", "--state", "--wire v6" },
        { $"hyper announce {Key} --peer-port 70000", "--peer-port", "'70000'" },
        { $"hyper announce {Key} --wire gen1 --key DIR/plain --private", "--key", "--wire v6" },
        { $"hyper unannounce {Key} --peer-port 1 --private", "--key", "" },
        { $"hyper unannounce {Key} --wire gen1 --private", "--peer-port", "" },
        { "hyper ping node", "HOST:PORT", "'node'" },
        { $"hyper query lookup {Key}", "COMMAND", "'lookup'" },
        { $"hyper query _ping {Key} --wire gen1 --private", "command", "" },
        { "hyper query 16 zz", "TARGET", "'zz'" },
        { $"hyper closest 16 {Key} @/nowhere/letter", "VALUE", "'/nowhere/letter'" },
        { "hyper put x --wire gen1", "--wire gen1 has no put", "--wire v6" },
        { "hyper put-signed x --key DIR/plain --wire gen1", "--wire gen1 has no put-signed", "--wire v6" },
        { $"hyper get {Key} --wire gen1", "--wire gen1 has no get", "--wire v6" },
        { "hyper holepunch 127.0.0.1:1 --referrer 127.0.0.1:2", "--wire v6 has no holepunch", "--wire gen1" },
        { "hyper holepunch 127.0.0.1:1 --wire gen1", "--referrer", "" },
        { $"hyper get {Key} --public-key {Key}", "--public-key", "" },
        { "hyper get", "TARGET", "" },
        { "hyper put @DIR/huge", "VALUE", "DIR/huge" },
        { $"hyper put {new string('x', 1201)} --private", "1201", "" },
        { "hyper put-signed x", "--key", "" },
        { "hyper frobnicate", "'frobnicate'", "'frobnicate'" },
        { "up --devnet --nodes 0", "--nodes", "'0'" },
        { "up --devnet --nodes 1000", "--nodes", "'1000'" },
        { "up --nodes 20", "--nodes", "--devnet" },
        { "up --devnet --port 1", "--port", "--devnet" },
        { "up --devnet --hyper-port 1", "--hyper-port", "--devnet" },
        { "up --hyper-port 65536", "--hyper-port", "'65536'" },
        { "up --data DIR/plain", "--data", "'DIR/plain'" },
        { "up --data /proc/1/data", "--data", "'/proc/1/data'" },
        { "up -o yaml", "--output", "'yaml'" },
        { "up --data none", "--data", "none" },
        { "up --networks mainline,freenet", "--networks", "'mainline,freenet'" },
        { "up --profile desktop", "--profile", "'desktop'" },
        { "up --store disk", "--store", "'disk'" },
        { "up --api 5001", "--api", "'5001'" },
        { "up --gateway localhost", "--gateway", "'localhost'" },
        { "up --config /nowhere/settings.json", "--config", "/nowhere/settings.json" },
        { "up --config DIR", "--config", "DIR" },
        { "up --config DIR/plain", "--config", "DIR/plain" },
        { "up --config DIR/array.json", "--config", "object" },
        { "up --config DIR/typo.json", "Kadstone:Mainline:Prot", "DIR/typo.json" },
        { "up --config DIR/value.json", "Kadstone:PacketBudget", "'lots'" },
        { "up --config DIR/twice.json", "--config", "DIR/twice.json" },
        { "config show --config DIR/typo.json", "Kadstone:Mainline:Prot", "DIR/typo.json" },
        { "config init DIR/plain", "FILE", "'DIR/plain'" },
        { "config init /nowhere/settings.json", "FILE", "'/nowhere/settings.json'" },
        { "config explain Mainline:Prot", "KEY", "'Mainline:Prot'" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Ends_with_2_and_says_what_is_wrong_and_what_is_allowed(string line, string names, string quotes)
    {
        DhtResult result = await DhtRun.RunAsync(Fill(line).Split(' '));
        result.ShouldEndWith(2).Output.ShouldBeEmpty();
        result.Error.TrimEnd('\n').Split('\n').Length.ShouldBeInRange(1, 3);
        result.Error.ShouldNotContain("   at ");
        result.Error.ShouldContain(names);
        result.Error.ShouldContain(Fill(quotes));
        result.Error.ShouldMatch("allowed|expected|needed|needs|takes|there are|goes with|cannot be|is there already|is missing|choose|has a name of|has 1 to");
    }

    public void Dispose()
    {
        _taken.Dispose();
        _takenTcp.Dispose();
        _folder.Dispose();
    }

    private string Fill(string text) => text
        .Replace("TAKEN", $"{((IPEndPoint)_taken.LocalEndPoint!).Port}", StringComparison.Ordinal)
        .Replace("WEB", $"{((IPEndPoint)_takenTcp.LocalEndpoint).Port}", StringComparison.Ordinal)
        .Replace("DIR", _folder.Path, StringComparison.Ordinal);
}
