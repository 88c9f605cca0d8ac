namespace Kadstone.Interop.Tests.Harness;

/// <summary>Nodes of ours on the first addresses of a network, all in one process: some clients do not search among fewer than nine.</summary>
internal sealed class KadstoneSwarm : IAsyncDisposable
{
    private const int Port = 6881;

    private readonly TemporaryDirectory _directory;
    private readonly PeerProcess _process;

    private KadstoneSwarm(TemporaryDirectory directory, PeerProcess process, IReadOnlyList<string> endpoints)
    {
        _directory = directory;
        _process = process;
        Endpoints = endpoints;
    }

    public IReadOnlyList<string> Endpoints { get; }

    public static async Task<KadstoneSwarm> StartAsync(NetworkNamespace network, int nodes)
    {
        PeerAvailability.RequireKadstone();
        string[] endpoints = [.. network.Hosts.Take(nodes).Select(host => $"{host}:{Port}")];
        TemporaryDirectory directory = new();
        string[] arguments =
        [
            Repository.DhtCommand, "mainline", "node", .. network.Hosts.Take(nodes).SelectMany(host => (string[])["--host", host]),
            "--port", $"{Port}", "--private", .. DhtCommand.BootstrapOptions([endpoints[0]]),
        ];
        PeerProcess process = network.Start("kadstone", "dotnet", arguments, directory.Path);
        try
        {
            await process.WaitForLineAsync("ready", line => line.StartsWith("ready", StringComparison.Ordinal));
            return new KadstoneSwarm(directory, process, endpoints);
        }
        catch
        {
            await process.DisposeAsync();
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }
}
