using System.Text.Json;

namespace Kadstone.Cli.Tests.Product;

/// <summary>Tests that ask one daemon, one after the other.</summary>
[CollectionDefinition(nameof(RunningDaemon))]
public sealed class RunningDaemonCollection : ICollectionFixture<RunningDaemon>;

/// <summary><c>dht up --devnet</c> as people run it, with ten nodes in each network.</summary>
public sealed class RunningDaemon : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private DhtRun? _up;

    /// <summary>The options of every verb that asks this daemon.</summary>
    internal string[] Here => ["--data", Data];

    internal string Data => _folder["data"];

    internal string Api { get; private set; } = "";

    /// <summary>Where the first node of a network listens.</summary>
    internal string Node(string network) => (_up ?? throw new InvalidOperationException("It does not run.")).Output.Lines
        .Single(line => line.StartsWith($"{network} node 1 listening on ", StringComparison.Ordinal)).Split(' ')[^1];

    internal string OwnPeer => (_up ?? throw new InvalidOperationException("It does not run.")).Output.Lines
        .Single(line => line.StartsWith("ipfs: this node listening on ", StringComparison.Ordinal)).Split("/p2p/")[^1];

    public async ValueTask InitializeAsync()
    {
        // Dozens of verbs in a few seconds, all strangers of one host: more than a laptop's budget has for them.
        _up = DhtRun.Start("up", "--devnet", "--nodes", "10", "--profile", "server", "--data", Data);
        await _up.Output.WaitForAsync(line => line.StartsWith("ready:", StringComparison.Ordinal));
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Data, "daemon.json")));
        Api = file.RootElement.GetProperty("api").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is not null)
        {
            await _up.InterruptAsync();
            await _up.DisposeAsync();
        }

        _folder.Dispose();
    }
}
