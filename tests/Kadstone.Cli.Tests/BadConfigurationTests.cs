using System.Net;
using System.Net.Sockets;

namespace Kadstone.Cli.Tests;

/// <summary>Whatever is wrong on the command line: exit 2, at most three lines that name the option, the value and what is allowed.</summary>
public sealed class BadConfigurationTests : IDisposable
{
    private const string Hash = "2b66980093bc11806fab50cb3cb41835b95a0362";
    private const string Key = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";

    private readonly TemporaryFolder _folder = new();
    private readonly Socket _taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public BadConfigurationTests()
    {
        _taken.Bind(new IPEndPoint(IPAddress.Parse("127.77.127.1"), 0));
        _folder.Write("plain", "nothing of ours");
        _folder.Write("long", new string('x', 998));
        _folder.Write("huge", new string('x', 100_000));
    }

    /// <summary>The command line; what the sentence names; which value it quotes. DIR is a folder, TAKEN a port in use.</summary>
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
        { "mainline frobnicate", "'frobnicate'", "'frobnicate'" },
        { "frobnicate", "'frobnicate'", "'frobnicate'" },
        { "key new DIR/plain", "FILE", "'DIR/plain'" },
        { "key new /nowhere/key", "FILE", "'/nowhere/key'" },
        { "key show /nowhere/key", "FILE", "'/nowhere/key'" },
        { "up --devnet --nodes 0", "--nodes", "'0'" },
        { "up --devnet --nodes 1000", "--nodes", "'1000'" },
        { "up --nodes 20", "--nodes", "--devnet" },
        { "up --devnet --port 1", "--port", "--devnet" },
        { "up --data DIR/plain", "--data", "'DIR/plain'" },
        { "up --data /proc/1/data", "--data", "'/proc/1/data'" },
        { "up -o yaml", "--output", "'yaml'" },
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
        result.Error.ShouldMatch("allowed|expected|needed|needs|takes|there are|goes with|cannot be|is there already|is missing|choose");
    }

    public void Dispose()
    {
        _taken.Dispose();
        _folder.Dispose();
    }

    private string Fill(string text) => text
        .Replace("TAKEN", $"{((IPEndPoint)_taken.LocalEndPoint!).Port}", StringComparison.Ordinal)
        .Replace("DIR", _folder.Path, StringComparison.Ordinal);
}
