namespace Kadstone.Interop.Tests.Harness;

/// <summary>Our node as its users start it: <c>dht mainline node</c>, in a process of its own.</summary>
internal sealed class KadstoneNode : IAsyncDisposable
{
    private const string Listening = "listening on ";

    private readonly TemporaryDirectory _directory;
    private readonly PeerProcess _process;

    private KadstoneNode(TemporaryDirectory directory, PeerProcess process, string endpoint)
    {
        _directory = directory;
        _process = process;
        Endpoint = endpoint;
    }

    public string Endpoint { get; }

    /// <summary>Starts a node and waits until it says that it listens and is ready.</summary>
    public static async Task<KadstoneNode> StartAsync(params string[] bootstrap)
    {
        PeerAvailability.RequireKadstone();
        TemporaryDirectory directory = new();
        string[] arguments =
        [
            Repository.DhtCommand, "mainline", "node", "--host", "127.0.0.1", "--port", $"{FreePorts.Next()}",
            .. DhtCommand.TestNetwork, .. DhtCommand.BootstrapOptions(bootstrap),
        ];
        PeerProcess process = PeerProcess.Start("kadstone", "dotnet", arguments, directory.Path);
        try
        {
            string line = await process.WaitForLineAsync("listening on HOST:PORT", line => line.StartsWith(Listening, StringComparison.Ordinal));
            await process.WaitForLineAsync("ready", line => line.StartsWith("ready", StringComparison.Ordinal));
            return new KadstoneNode(directory, process, line[Listening.Length..].Trim());
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
