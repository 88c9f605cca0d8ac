using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Hosting;
using Kadstone.Interop.Tests.Hostile;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Microsoft.Extensions.Logging;
using Answer = Kadstone.Daemon.Tests.V1.Answer;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bars 46 and 49: what strangers send stays within one line of the log and does not fill it; what is secret is never in it.</summary>
[Collection(nameof(V1Network))]
public sealed class LogTests(V1Network network)
{
    private const string Forged = "x\r\n2026-01-01 root: all is well\u001b[2J\u001b[31m\0\u0085\u2028";

    private static CancellationToken Cancelled => V1Network.Cancelled;

    [Fact]
    public async Task What_strangers_say_stays_within_a_line_of_the_log()
    {
        using CapturedLog log = new();
        KadstoneOptions options = Options(13);
        await using (KadstoneNode node = await KadstoneNode.CreateAsync(options, log, cancellationToken: Cancelled))
        await using (KadstoneDaemon daemon = await StartAsync(node, log, token: null))
        await using (Stranger stranger = new("127.78.13.2"))
        {
            await V1Network.KnowsAsync(node);
            IPEndPoint endpoint = node.Mainline!.LocalEndpoints[0];

            // An error with such a text to all that the node asks, but for the pings that let the stranger into its table.
            stranger.OnQuery = (query, from) => query["q"].Text == "ping"
                ? stranger.HonestAnswer(query, from)
                : Bencoded.Dictionary(("e", new object[] { 203L, Forged }), ("t", query["t"].Bytes), ("v", Forged), ("y", "e"));
            await stranger.ProveAsync(endpoint);
            (await stranger.TryAskAsync(endpoint, Forged, TimeSpan.FromSeconds(10), ("target", Encoding.Latin1.GetBytes(Forged)))).ShouldNotBeNull().IsError.ShouldBeTrue();

            // A peer whose name is such a text meets the node.
            await using IpfsDht peer = await IpfsDht.CreateAsync(new IpfsOptions
            {
                Host = new Libp2pOptions { Identity = PrivateKey.Generate(new Crypto.SecureRandom()), Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine, AgentVersion = Forged },
                Scope = KadScope.Lan,
                Policy = AddressPolicy.Any,
                Mode = KadMode.Server,
                Bootstrap = [node.Ipfs!.Addresses[0].WithPeer(node.Ipfs.LocalPeer)],
            }, cancellationToken: Cancelled);
            await NetworkNode.Of(peer).WaitForNetworkAsync(Cancelled);

            using HttpClient client = V1Network.ClientOf(daemon);
            string quoted = Uri.EscapeDataString(Forged);
            foreach (string path in (string[])[$"/{quoted}", $"/v1/{quoted}", $"/v1/lookups/{quoted}", $"/v1/mainline/peers/{quoted}", $"/v1/records?shelf={quoted}", $"/metrics?{quoted}={quoted}"])
            {
                using HttpRequestMessage request = new(HttpMethod.Get, path);
                request.Headers.TryAddWithoutValidation("X-Forwarded-For", "\u001b[2J").ShouldBeTrue();
                ((int)(await network.SendAsync(request, client)).Status).ShouldBeInRange(400, 499, path);
            }

            (await network.SendAsync(new HttpRequestMessage(HttpMethod.Put, "/v1/mainline/values") { Content = StatusTests.Json("""{"kind":"immutable","text":"a\r\n\u001b[2Jb"}""") }, client)).ShouldBe(HttpStatusCode.Created);
            using TcpClient raw = new();
            await raw.ConnectAsync(daemon.Api!, Cancelled);
            await raw.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"GET /{Forged} HTTP/1.1\r\nHost: localhost\r\n\r\n"), Cancelled);
            (await raw.GetStream().ReadAsync(new byte[256], Cancelled)).ShouldBeGreaterThan(0);
        }

        log.Lines.ShouldContain(line => line.Category.StartsWith("Kadstone", StringComparison.Ordinal));
        log.Lines.ShouldContain(line => line.Category.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

        // It did come through, in another spelling.
        log.Lines.ShouldContain(line => line.Message.Contains("all%20is%20well", StringComparison.Ordinal));
        foreach (LogLine line in log.Lines)
        {
            line.Message.ShouldNotContain(c => char.IsControl(c) || c == '\u2028', line.Message);
        }
    }

    [Fact]
    public async Task A_flood_of_bad_packets_leaves_the_log_as_short_as_it_was()
    {
        // A million with the bars.
        int packets = Environment.GetEnvironmentVariable("KADSTONE_BARS") is null ? 20_000 : 1_000_000;
        using CapturedLog log = new();
        KadstoneOptions options = Options(14);
        options.Hyperswarm = null;
        options.Ipfs = null;
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, log, cancellationToken: Cancelled);
        await V1Network.KnowsAsync(node);
        IPEndPoint endpoint = node.Mainline!.LocalEndpoints[0];
        await using Stranger stranger = new("127.78.14.2");
        await using Stranger honest = new("127.78.15.2");
        int before = log.Lines.Count;
        byte[] bad = Encoding.Latin1.GetBytes($"d1:q{Forged}");
        long dropped = node.Mainline.Status().Malformed + node.Mainline.Status().RateLimited;
        for (int n = 0; n < packets; n++)
        {
            bad[^1] = (byte)n;
            stranger.Send(bad, endpoint);
        }

        // The flood may have taken the room in the socket's queue.
        int pings = 1;
        while (await honest.TryAskAsync(endpoint, "ping", TimeSpan.FromMilliseconds(500)) is null)
        {
            (++pings).ShouldBeLessThan(20);
        }

        (node.Mainline.Status().Malformed + node.Mainline.Status().RateLimited).ShouldBeGreaterThan(dropped);
        int lines = log.Lines.Count - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"bar 46: {packets} bad packets, {node.Mainline.Status().Malformed} malformed and {node.Mainline.Status().RateLimited} over the limit, {lines} lines of log, ping {pings} was answered");
        lines.ShouldBeLessThanOrEqualTo(10);
    }

    [Fact]
    public async Task Token_and_keys_are_never_said_and_their_files_are_their_owners_alone()
    {
        using Storage.Tests.TemporaryFolder folder = new();
        string token = $"token-{V1Network.NewKey(16)}";
        using CapturedLog log = new();
        KadstoneOptions options = Options(16);
        options.DataFolder = folder.File("data");
        StringBuilder said = new();
        string[] secrets;
        await using (KadstoneNode node = await KadstoneNode.CreateAsync(options, log, cancellationToken: Cancelled))
        await using (KadstoneDaemon daemon = await StartAsync(node, log, token, folder.File("keys")))
        {
            new DaemonFile(Environment.ProcessId, $"http://{daemon.Api}", token).Write(options.DataFolder);
            await V1Network.KnowsAsync(node);
            using HttpClient client = V1Network.ClientOf(daemon);
            foreach (string given in (string[])[token, token[..^1], $"{token}0", ""])
            {
                client.DefaultRequestHeaders.Remove("Authorization");
                client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {given}");
                await AskAsync(HttpMethod.Post, "/api/v0/key/gen?arg=named");
                await AskAsync(HttpMethod.Put, "/v1/mainline/values", """{"kind":"mutable","text":"x","keep":true}""");
                await AskAsync(HttpMethod.Put, "/v1/mainline/values", "{");
                foreach (string path in (string[])["/", "/v1/status", "/v1/publications", "/v1/records", "/v1/lookups", "/v1/networks/mainline/table", "/metrics", "/openapi/v1.json", "/health/ready", "/v1/nothing"])
                {
                    await AskAsync(HttpMethod.Get, path);
                }
            }

            node.TrySave().ShouldBeTrue();
            string[] files = [Path.Combine(options.DataFolder, "key"), Path.Combine(options.DataFolder, "daemon.json"), Directory.GetFiles(folder.File("keys")).ShouldHaveSingleItem()];
            if (!OperatingSystem.IsWindows())
            {
                foreach (string file in files)
                {
                    File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
                }
            }

            byte[][] seeds = [node.Identity.MainlineSeed.ToArray(), node.Identity.HyperswarmSeed.ToArray(), node.Identity.IpfsSeed.ToArray()];
            secrets =
            [
                token,
                (await File.ReadAllTextAsync(files[0], Cancelled)).Trim(),
                (await File.ReadAllTextAsync(files[2], Cancelled)).Trim(),
                .. seeds.SelectMany(seed => (string[])[Convert.ToHexStringLower(seed), Convert.ToBase64String(seed)]),
            ];

            async Task AskAsync(HttpMethod method, string path, string? json = null)
            {
                using HttpRequestMessage request = new(method, path) { Content = json is null ? null : StatusTests.Json(json) };
                Answer answer = await network.SendAsync(request, client);
                said.AppendLine(answer.Body);
            }
        }

        // What the other files of the folder hold is not secret; they must not become so by what is in them.
        foreach (string file in Directory.GetFiles(options.DataFolder).Where(file => Path.GetFileName(file) is not "key" and not "daemon.json"))
        {
            said.AppendLine(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancelled)));
        }

        foreach (string secret in secrets)
        {
            secret.Length.ShouldBeGreaterThanOrEqualTo(32);
            log.Lines.ShouldNotContain(line => line.ToString().Contains(secret, StringComparison.OrdinalIgnoreCase));
            said.ToString().Contains(secret, StringComparison.OrdinalIgnoreCase).ShouldBeFalse(secret);
        }
    }

    [Fact]
    public async Task A_password_of_the_database_is_not_said_when_it_is_wrong()
    {
        using CapturedLog log = new();
        KadstoneOptions options = Options(17);
        options.Store = KadstoneStore.Postgres("Host=127.0.0.1;Port=1;Username=kadstone;Password=pass-4711;Timeout=1");
        KadstoneSetupException refused = await Should.ThrowAsync<KadstoneSetupException>(() => KadstoneNode.CreateAsync(options, log, cancellationToken: Cancelled));
        refused.ToString().ShouldNotContain("pass-4711");
        log.Lines.ShouldNotContain(line => line.ToString().Contains("pass-4711", StringComparison.Ordinal));
    }

    private static Task<KadstoneDaemon> StartAsync(KadstoneNode node, ILoggerFactory log, string? token, string? keys = null) => KadstoneDaemon.StartAsync(
        node,
        new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0), Gateway = new IPEndPoint(IPAddress.Loopback, 0), Token = token, KeyFolder = keys },
        log,
        cancellationToken: Cancelled);

    private KadstoneOptions Options(int number)
    {
        KadstoneOptions options = network.Options();
        IPAddress own = IPAddress.Parse($"127.78.{number}.1");
        options.Mainline = options.Mainline! with { Addresses = [own] };
        options.Hyperswarm = options.Hyperswarm! with { Host = own };
        return options;
    }
}
