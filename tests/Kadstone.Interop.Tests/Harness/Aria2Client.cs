using System.Globalization;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>
/// The aria2c program with one download. Its DHT node wakes with the download, asks for its peers and announces itself;
/// it has no commands of its own, so its log tells what it did.
/// </summary>
internal sealed class Aria2Client : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly PeerProcess _process;
    private readonly string _log;

    private Aria2Client(TemporaryDirectory directory, PeerProcess process, string log, int dhtPort, int peerPort)
    {
        _directory = directory;
        _process = process;
        _log = log;
        DhtEndpoint = $"127.0.0.1:{dhtPort.ToString(CultureInfo.InvariantCulture)}";
        PeerEndpoint = $"127.0.0.1:{peerPort.ToString(CultureInfo.InvariantCulture)}";
    }

    public string DhtEndpoint { get; }

    /// <summary>Where it takes BitTorrent connections: what it announces.</summary>
    public string PeerEndpoint { get; }

    /// <param name="source">A .torrent file, or a magnet link.</param>
    /// <param name="directory">Where the file is, or shall be.</param>
    /// <param name="dhtNode">The only DHT node that it knows.</param>
    public static async Task<Aria2Client> StartAsync(string source, string directory, string? dhtNode)
    {
        PeerAvailability.RequireAria2();
        TemporaryDirectory own = new();
        string log = own.File("aria2.log");
        int dhtPort = FreePorts.Next();
        int peerPort = FreePorts.Next();
        string[] arguments =
        [
            "--no-conf", $"--stop-with-process={Environment.ProcessId}", $"--dir={directory}", "--interface=127.0.0.1",
            "--enable-dht=true", $"--dht-listen-port={dhtPort}", $"--dht-file-path={own.File("dht.dat")}", .. dhtNode is null ? Array.Empty<string>() : [$"--dht-entry-point={dhtNode}"],
            "--enable-dht6=false", $"--dht-file-path6={own.File("dht6.dat")}",
            $"--listen-port={peerPort}", "--bt-external-ip=127.0.0.1", "--enable-peer-exchange=false", "--bt-enable-lpd=false",
            "--check-integrity=true", "--seed-ratio=0", "--seed-time=10", "--follow-torrent=mem",
            "--summary-interval=0", $"--log={log}", "--log-level=info", source,
        ];
        Aria2Client client = new(own, PeerProcess.Start("aria2", "aria2c", arguments, own.Path), log, dhtPort, peerPort);
        await client.WaitForLogAsync("its DHT", line => line.Contains("DHT: listening on UDP port", StringComparison.Ordinal));
        return client;
    }

    /// <summary>Waits until the node at that endpoint has answered it.</summary>
    public Task WaitForAnswerOfAsync(string endpoint) =>
        WaitForLogAsync($"an answer of {endpoint}", line => line.Contains("Message received: dht response", StringComparison.Ordinal) && IsFrom(line, endpoint));

    /// <summary>Waits until it has announced its download to the node at that endpoint, which has agreed.</summary>
    public Task WaitForAnnounceToAsync(string endpoint) =>
        WaitForLogAsync($"an announce to {endpoint}", line => line.Contains("Message received: dht response announce_peer", StringComparison.Ordinal) && IsFrom(line, endpoint));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    // aria2 writes an endpoint as 127.0.0.1(6881).
    private static bool IsFrom(string line, string endpoint) => line.Contains($"Remote:{endpoint.Replace(":", "(", StringComparison.Ordinal)})", StringComparison.Ordinal);

    private async Task WaitForLogAsync(string what, Func<string, bool> matches)
    {
        try
        {
            await Eventually.GetAsync($"aria2: {what}", () => Task.FromResult(ReadLog()), log => log.Exists(line => matches(line)));
        }
        catch (TimeoutException)
        {
            throw _process.Failure($"did not log in time: {what}{Environment.NewLine}{string.Join(Environment.NewLine, ReadLog().TakeLast(30))}");
        }
    }

    private List<string> ReadLog()
    {
        if (!File.Exists(_log))
        {
            return [];
        }

        // Shared: aria2 is writing it.
        using FileStream stream = new(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(stream);
        return [.. reader.ReadToEnd().Split('\n')];
    }
}
