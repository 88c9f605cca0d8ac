using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Kadstone.Cli.Tests.Stores;

/// <summary><c>dht up</c> as a process of its own: one of several daemons on one store, each in a /24 of its own and with a folder of its own.</summary>
internal sealed partial class Head : IAsyncDisposable
{
    private const int SIGTERM = 15;

    private readonly Process _process;
    private readonly List<string> _said = [];
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(1) };
    private readonly Task<string> _complaints;

    private Head(Process process)
    {
        _process = process;
        _complaints = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where its Mainline node listens.</summary>
    public IPEndPoint Mainline => IPEndPoint.Parse(EndpointOf("mainline"));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="folder">Where configuration and data folder are; made by the first start.</param>
    /// <param name="number">Which /24 it has.</param>
    /// <param name="through">A head of the network that it joins; null: a network begins with it.</param>
    /// <param name="store">What the configuration says of the store; null: nothing.</param>
    /// <param name="variable">What KADSTONE__STORE says; null: it is not set.</param>
    /// <param name="options">More words of the command line.</param>
    public static async Task<Head> StartAsync(TemporaryFolder folder, int number, Head? through, string? store = null, string? variable = null, params string[] options)
    {
        string settings = folder.Write($"head{number}.json", JsonSerializer.Serialize(new
        {
            Kadstone = new Dictionary<string, object?>
            {
                ["Private"] = true,

                // A laptop answers strangers 50 times a second, and depositors are faster.
                ["Profile"] = "server",
                ["Api"] = "127.0.0.1:0",
                ["Store"] = store ?? "memory",
                ["Mainline"] = new { Port = 0, Addresses = $"127.77.{number}.1", Bootstrap = through?.EndpointOf("mainline") ?? "none" },
                ["Hyperswarm"] = new { Port = 0, Host = $"127.77.{number}.1", Bootstrap = through?.EndpointOf("hyperswarm") ?? "none" },
                ["Ipfs"] = new { Listen = $"/ip4/127.77.{number}.1/tcp/0", Bootstrap = through?.EndpointOf("ipfs") ?? "none", Scope = "lan", Mode = "server" },
            },
        }));
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "dht.dll"), "up", "--config", settings, "--data", folder[$"head{number}"], .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (variable is not null)
        {
            start.Environment["KADSTONE__STORE"] = variable;
        }

        Head head = new(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
        try
        {
            string? line;
            do
            {
                line = await head._process.StandardOutput.ReadLineAsync(Cancelled);
                head._said.Add(line.ShouldNotBeNull(await head.ComplaintsAsync(line)));
            }
            while (!line.StartsWith("ready:", StringComparison.Ordinal));

            using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder[$"head{number}"], "daemon.json"), Cancelled));
            head._client.BaseAddress = new Uri(file.RootElement.GetProperty("api").GetString()!);
            return head;
        }
        catch
        {
            await head.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it knows so many others in each network. Nobody announces that: it is asked until it is so.</summary>
    public async Task KnowsAsync(int others)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while ((await GetAsync("/v1/status")).GetProperty("networks").EnumerateArray().Any(network => network.GetProperty("contacts").GetInt32() < others))
        {
            await timer.WaitForNextTickAsync(Cancelled);
        }
    }

    /// <summary>A value that is put and kept; the path under which any head finds it.</summary>
    public async Task<string> PutValueAsync(string network, string kind, string text)
    {
        JsonElement put = await SendAsync(HttpMethod.Put, $"/v1/{network}/values", $$"""{"kind":"{{kind}}","text":"{{text}}","keep":true}""");
        put.GetProperty("acknowledged").GetInt32().ShouldBeGreaterThan(0, put.ToString());
        return $"/v1/{network}/values/{put.GetProperty("key").GetString()}?kind={kind}";
    }

    /// <summary>An announcement that is kept; its id.</summary>
    public async Task<string> AnnounceAsync(string network, string key, int? port)
    {
        JsonElement announced = await SendAsync(HttpMethod.Post, $"/v1/{network}/announcements", $$"""{"key":"{{key}}","port":{{port?.ToString() ?? "null"}},"keep":true}""");
        announced.GetProperty("acknowledged").GetInt32().ShouldBeGreaterThan(0, announced.ToString());
        return announced.GetProperty("id").GetString().ShouldNotBeNull();
    }

    public async Task<string[]> PublicationsAsync() =>
        [.. (await GetAsync("/v1/publications")).GetProperty("publications").EnumerateArray().Select(one => one.GetProperty("id").GetString()!).Order(StringComparer.Ordinal)];

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(Cancelled);
    }

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> EndAsync()
    {
        Kill(_process.Id, SIGTERM).ShouldBe(0);
        await _process.WaitForExitAsync(Cancelled).WaitAsync(TimeSpan.FromMinutes(1), Cancelled);
        (await _complaints).ShouldBeEmpty();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await _complaints;
        _process.Dispose();
        _client.Dispose();
    }

    private string EndpointOf(string network) => _said.First(line => line.StartsWith($"{network}: this node listening on ", StringComparison.Ordinal)).Split(' ')[^1];

    private async Task<string> ComplaintsAsync(string? line) => line is null ? await _complaints : string.Empty;

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? json)
    {
        using HttpRequestMessage request = new(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _client.SendAsync(request, Cancelled);
        string body = await response.Content.ReadAsStringAsync(Cancelled);
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
