namespace Kadstone.Cli.Tests;

/// <summary>Three daemons of IPFS on loopback, as <c>dht ipfs daemon</c> starts them, that know each other through the first.</summary>
public sealed class SmallIpfs : IAsyncLifetime
{
    private readonly List<DhtRun> _daemons = [];
    private readonly List<string> _addresses = [];

    /// <summary>The options of every node of this network.</summary>
    internal static string[] Network => ["--protocol", "lan", "--private", "--diversity", "off"];

    /// <summary>The options of every client of this network.</summary>
    internal string[] Here => [.. Network, "--bootstrap", Address(0)];

    /// <summary>Where a daemon listens, its peer at the end.</summary>
    internal string Address(int daemon) => _addresses[daemon];

    internal string Peer(int daemon) => Address(daemon).Split('/')[^1];

    internal static DhtRun StartDaemon(params string[] options) =>
        DhtRun.Start(["ipfs", "daemon", "--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--mode", "server", .. Network, .. options]);

    public async ValueTask InitializeAsync()
    {
        for (int started = 0; started < 3; started++)
        {
            DhtRun daemon = StartDaemon(started == 0 ? [] : ["--bootstrap", Address(0)]);
            _daemons.Add(daemon);
            string line = await daemon.Output.WaitForAsync(line => line.StartsWith("Swarm listening on ", StringComparison.Ordinal));
            _addresses.Add(line["Swarm listening on ".Length..]);
            await daemon.Output.WaitForAsync(line => line == "Daemon is ready");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (DhtRun daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }
    }
}
