using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>The published HTTP clients of IPFS, driven by their scripts against daemons of our command.</summary>
internal static class IpfsHttpPeers
{
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(8);

    // As its users start it on one machine: every node on loopback, each on ports of the kernel's choice.
    private static string[] Daemon =>
    [
        "dotnet", Repository.DhtCommand, "ipfs", "daemon", "--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0", "--protocol", "lan", "--private", "--diversity", "off",
    ];

    private static string Folder { get; } = Path.Combine(Repository.Peers, "ipfs-http");

    /// <summary>Runs suites of interface-ipfs-core, separated by commas, through ipfs-http-client.</summary>
    public static Task<IpfsHttpRun> RunSuitesAsync(string names) => RunAsync("interface-ipfs-core", "suite.mjs", names);

    /// <summary>Runs the checks with kubo-rpc-client and Helia's client of Delegated Routing.</summary>
    public static Task<IpfsHttpRun> RunClientsAsync() => RunAsync("kubo-rpc-client", "clients.mjs");

    private static async Task<IpfsHttpRun> RunAsync(string package, string script, params string[] arguments)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", package)))
        {
            Assert.Skip($"{package}: npm ci was not run in {Path.GetRelativePath(Repository.Root, Folder)}");
        }

        HyperPackages.RequireNode(package);
        await using PeerProcess process = PeerProcess.Start(script, "node", [script, .. arguments, .. Daemon], Folder);
        string summary = await process.WaitForLineAsync("the summary", line => line.StartsWith("summary ", StringComparison.Ordinal), s_guard);
        await process.Ended;
        JsonObject counts = JsonNode.Parse(summary["summary ".Length..])!.AsObject();
        return new IpfsHttpRun(
            [.. process.Lines.Where(line => line.StartsWith("ok   ", StringComparison.Ordinal)).Select(line => line[5..])],
            [.. process.Lines.Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal)).Select(line => line[5..])],
            [.. counts["exits"]!.AsArray().Select(exit => exit!.ToString())]);
    }
}

/// <param name="Passed">What passed.</param>
/// <param name="Failed">What failed or was skipped, with the reason.</param>
/// <param name="Exits">How the daemons ended on SIGTERM: their exit codes, each once.</param>
internal sealed record IpfsHttpRun(IReadOnlyList<string> Passed, IReadOnlyList<string> Failed, IReadOnlyList<string> Exits);
