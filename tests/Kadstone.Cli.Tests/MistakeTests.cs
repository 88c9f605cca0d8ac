using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Cli.Tests;

/// <summary>What people get wrong: each is one sentence that says what is wrong and what is allowed, and a code of docs/cli.md.</summary>
public sealed class MistakeTests(SmallNetwork network)
{
    private const string InfoHash = "0123456789abcdef0123456789abcdef01234567";

    public static TheoryData<string, string> CommandLines => new()
    {
        { "peers " + InfoHash, "dht: there is no 'peers'; there are up, " },
        { "mainline lookup " + InfoHash, "dht mainline: there is no 'lookup'; there are node, peers, " },
        { "mainline peers", "an argument is missing; the verb takes INFOHASH|MAGNET." },
        { "mainline peers 0123", "'0123' is no infohash; 40 hexadecimal digits or a magnet link are expected." },
        { "mainline peers " + InfoHash + InfoHash[..24], "is no infohash; 40 hexadecimal digits" },
        { "hyper lookup " + InfoHash, "is no key; 64 hexadecimal digits are expected." },
        { "ipfs findprovs hello", "'hello' is no CID; " },
        { "mainline peers ０１２３456789abcdef0123456789abcdef01234567", "is no infohash; " },
        { "mainline peers magnet:?dn=x", "is no link that can be followed: " },
        { "mainline peers " + InfoHash + " --bootstrap", "--bootstrap needs a value: HOST:PORT." },
        { "mainline peers " + InfoHash + " --bootstrap ::1:6881", "or [::1]:6881." },
        { "mainline peers " + InfoHash + " --bootstrap http://127.0.0.1:6881", "is no HOST:PORT; " },
        { "mainline peers " + InfoHash + " --bootstrap /ip4/127.0.0.1/tcp/4001", "is no HOST:PORT; " },
        { "mainline peers " + InfoHash + " --timeout 5", "'5' is no duration; " },
        { "mainline peers " + InfoHash + " --timout 5s", "there is no option '--timout'; there are --bootstrap, " },
        { "mainline peers " + InfoHash + " -o xml", "text or json is expected." },
        { "mainline peers " + InfoHash + " --state /tmp", "--state '/tmp' is a folder; a file is needed." },
        { "mainline peers " + InfoHash + " --private --bootstrap [::1]:6881", "--bootstrap [::1]:6881 is an IPv6 address, and --host 0.0.0.0 speaks IPv4 alone; --host :: asks over IPv6." },
        { "hyper lookup " + InfoHash + "0123456789abcdef01234567 --private --bootstrap [::1]:6881", "'[::1]:6881' is no bootstrap node; " },
        { "mainline announce " + InfoHash, "--peer-port is missing: " },
        { "mainline announce " + InfoHash + " --peer-port 99999", "'99999' is not allowed; " },
        { "mainline put hello world", "'world' is one argument too many; the verb takes TEXT|@FILE|-." },
        { "mainline put @/nowhere/file", "the file '/nowhere/file' cannot be read: " },
        { "mainline ping 127.0.0.1", "'127.0.0.1' is no HOST:PORT; " },
        { "mainline put-signed x --key /proc/self/status", "is no key file; 64 hexadecimal digits and a newline are expected." },
        { "key new /nowhere/me.key", "'/nowhere/me.key' cannot be written: " },
        { "up --config /nowhere.json", "--config '/nowhere.json' cannot be read: " },
        { "up --devnet --nodes 2 --data /proc/nothing", "--data '/proc/nothing' cannot be made: " },
        { "up --devnet --nodes 2 --data /proc/self/status", "--data '/proc/self/status' cannot be made: " },
        { "status --api 127.0.0.1:5001", "is no API; http://HOST:PORT is expected" },
        { "check https://example.org/", "is nothing that can be checked: " },
        { "devnet ten", "2 to 10000 nodes are" },
    };

    [Theory]
    [MemberData(nameof(CommandLines))]
    public async Task A_wrong_command_line_is_2_with_what_is_wrong_and_what_is_allowed(string commandLine, string sentence)
    {
        DhtResult result = await DhtRun.RunAsync(commandLine.Split(' '));
        result.ShouldEndWith(2).Output.ShouldBeEmpty();
        string[] lines = result.Error.TrimEnd('\n').Split('\n');
        lines[0].ShouldContain(sentence);
        lines.Length.ShouldBeLessThanOrEqualTo(2, "the sentence, and where help is");
        lines.Skip(1).ShouldAllBe(line => line.StartsWith("Try 'dht ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_looks_odd_and_is_right_is_understood()
    {
        string infoHash = SmallNetwork.NewInfoHash();
        (await DhtRun.RunAsync(["mainline", "announce", infoHash.ToUpperInvariant(), "--peer-port", "4243", .. network.Here])).ShouldEndWith(0);
        foreach (string topic in (string[])[infoHash.ToUpperInvariant(), $"magnet:?xt=urn:btih:{infoHash.ToUpperInvariant()}&dn=a b", $"magnet:?xt=urn:btih:{Base32(Convert.FromHexString(infoHash))}"])
        {
            (await DhtRun.RunAsync(["mainline", "peers", topic, .. network.Here])).ShouldEndWith(0).Output.ShouldBe("127.0.0.1:4243\n");
        }

        string target = (await DhtRun.RunAsync("grüße 🌍", ["mainline", "put", "-", .. network.Here])).ShouldEndWith(0).Lines[0];
        (await DhtRun.RunAsync(["mainline", "get", target, .. network.Here])).ShouldEndWith(0).Output.ShouldBe("grüße 🌍\n");
        (await DhtRun.RunAsync(["mainline", "put", "grüße 🌍", .. network.Here])).ShouldEndWith(0).Lines[0].ShouldBe(target);
    }

    [Fact]
    public async Task A_value_that_is_too_long_is_told_with_its_length()
    {
        string value = new('a', 70_000);
        (await DhtRun.RunAsync("mainline", "put", value)).ShouldEndWith(2).Error.ShouldBe("dht mainline put: VALUE: The value has 70006 bytes bencoded; at most 1000 are allowed (BEP 44).\n");
        (await DhtRun.RunAsync(value, ["mainline", "put", "-"])).ShouldEndWith(2).Error.ShouldContain("at most 1000 are allowed");
        (await DhtRun.RunAsync("mainline", "peers", value)).ShouldEndWith(2).Error.Length.ShouldBeLessThan(300);
    }

    [Fact]
    public async Task An_API_whose_port_is_in_use_is_told_of_once()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        using TemporaryFolder folder = new();
        DhtResult result = await DhtRun.RunAsync("up", "--devnet", "--nodes", "1", "--networks", "mainline", "--data", folder["data"], "--api", $"{taken.LocalEndpoint}");
        result.ShouldEndWith(2).Error.TrimEnd('\n').ShouldNotContain("\n");
        result.Error.ShouldStartWith($"dht up: --api {taken.LocalEndpoint} (gateway: off) cannot be opened: ");
    }

    [Fact]
    public async Task Nobody_who_answered_in_time_is_6_on_Hyperswarm_too()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse("127.77.127.1"), 0));
        DhtResult result = await DhtRun.RunAsync("hyper", "lookup", SmallHyperNetwork.NewTopic(), "--private", "--bootstrap", $"{silent.LocalEndPoint}", "--timeout", "300ms");
        result.ShouldEndWith(6).Error.ShouldBe("dht hyper lookup: nobody answered within 0.3 s: none of 1 that were given to join through.\n");
    }

    [Fact]
    public async Task A_daemon_of_another_user_is_told_from_none()
    {
        // What no user may read as a file, root neither.
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["daemon.json"]);
        (await DhtRun.RunAsync("status", "--data", folder.Path)).ShouldEndWith(6).Error.ShouldContain("daemon.json cannot be read by this user; ");
    }

    /// <summary><c>dht … | head -1</c>: whoever reads has enough, and the command ends.</summary>
    [Fact]
    public async Task A_verb_that_would_go_on_for_ever_ends_when_its_reader_leaves()
    {
        await using LeavingReader reader = new();
        Terminal terminal = new(Stream.Null, reader, Stream.Null);
        string infoHash = SmallNetwork.NewInfoHash();
        int exit = await CommandLine.RunAsync(["mainline", "announce", infoHash, "--peer-port", "4244", "--advertise", .. network.Here], terminal, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        exit.ShouldBe(0);
    }

    [Theory]
    [InlineData("mainline sample --count 1 --help | head -1", "0")]
    [InlineData("completion bash | true", "0")]
    [InlineData("config show > /dev/full", "1")]
    public async Task Standard_output_that_takes_nothing_has_a_code(string commandLine, string code)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is Linux'");
        (string output, string error) = await ShellAsync(commandLine);
        output.Split('\n')[^1].ShouldBe(code, error);
        error.ShouldBe(code == "0" ? "" : "dht config show: standard output cannot be written: No space left on device.\n");
    }

    private static async Task<(string Output, string Error)> ShellAsync(string commandLine)
    {
        ProcessStartInfo start = new("bash")
        {
            ArgumentList = { "-c", $"dotnet {Path.Combine(AppContext.BaseDirectory, "dht.dll")} {commandLine}; echo -n \"${{PIPESTATUS[0]}}\"" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (await output, error);
    }

    private static string Base32(byte[] bytes)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        StringBuilder text = new();
        for (int bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            text.Append(Alphabet[Enumerable.Range(bit, 5).Aggregate(0, (value, at) => (value << 1) | ((bytes[at / 8] >> (7 - (at % 8))) & 1))]);
        }

        return text.ToString();
    }

    /// <summary>A pipe whose other end is closed.</summary>
    private sealed class LeavingReader : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe", 32);

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe", 32);
    }
}
