namespace Kadstone.Interop.Tests.Harness;

/// <summary>The command of npm hyperdht 1.3.0 as its users start it: a node for long runs that prints what it hears.</summary>
internal sealed class Gen1HyperdhtCommand : IAsyncDisposable
{
    private readonly PeerProcess _process;

    private Gen1HyperdhtCommand(PeerProcess process, int port)
    {
        _process = process;
        Endpoint = $"127.0.0.1:{port}";
    }

    public string Endpoint { get; }

    /// <summary>Starts a node and waits until it says that it listens.</summary>
    public static async Task<Gen1HyperdhtCommand> StartAsync(params string[] bootstrap)
    {
        HyperPackages.Require("gen1-hyperdht");
        int port = FreePorts.Next();

        // It binds every address, but for the first file.
        string[] arguments =
        [
            "--no-deprecation", "--require", Path.Combine(HyperPackages.Folder, "loopback.cjs"),
            Path.Combine(HyperPackages.Folder, "node_modules", "gen1-hyperdht", "bin.js"),
            $"--port={port}", .. bootstrap.Select(endpoint => $"--bootstrap={endpoint}"),
        ];
        PeerProcess process = PeerProcess.Start("hyperdht 1.3.0", "node", arguments, HyperPackages.Folder);
        try
        {
            await process.WaitForLineAsync("hyperdht listening", line => line == $"hyperdht listening on {port}");
            return new Gen1HyperdhtCommand(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has joined: it says so each time that it looks for its neighbours.</summary>
    public Task WaitUntilBootstrappedAsync() => _process.WaitForLineAsync("bootstrapped...", line => line == "bootstrapped...");

    /// <param name="kind">announce, unannounce or lookup.</param>
    public Task WaitToHearAsync(string kind, string target) =>
        _process.WaitForLineAsync($"{kind}: {target}", line => line.StartsWith($"{kind}: {target}", StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
