using System.Diagnostics;
using System.Net;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Bench;

/// <summary>The client side of bench/run-ipfs-lookup: one client for all targets and provides, another that finds what was provided.</summary>
internal static class IpfsLookupBench
{
    /// <param name="Bootstrap">Multiaddrs of nodes of the network.</param>
    /// <param name="Targets">Keys in hex whose closest peers are sought.</param>
    /// <param name="Contents">Multihashes in hex that are provided, then found.</param>
    internal sealed record IpfsTask(IReadOnlyList<string> Bootstrap, IReadOnlyList<string> Targets, IReadOnlyList<string> Contents);

    /// <param name="Kind">"closest", "provide" or "find".</param>
    /// <param name="Target">The key or multihash, in hex.</param>
    /// <param name="Closest">The peers that were given as the closest, for "closest": multihashes in hex.</param>
    /// <param name="Milliseconds">From the call to its end.</param>
    /// <param name="FirstMilliseconds">From the call to the first provider, for "find".</param>
    /// <param name="Found">Peers told, for "provide"; providers, for "find".</param>
    internal sealed record IpfsFigures(string Kind, string Target, IReadOnlyList<string> Closest, double Milliseconds, double? FirstMilliseconds, int Found);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 1);
        IpfsTask task = Report.Read<IpfsTask>(arguments.Operands[0]);
        await using IpfsDht client = await JoinAsync(task);
        foreach (string target in task.Targets)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<PeerInfo> closest = await client.FindClosestPeersAsync(Convert.FromHexString(target));
            double milliseconds = Milliseconds(start);
            Report.Write(new IpfsFigures("closest", target, [.. closest.Select(peer => Convert.ToHexStringLower(peer.Id.Bytes.Span))], milliseconds, null, 0));
        }

        foreach (string content in task.Contents)
        {
            long start = Stopwatch.GetTimestamp();
            ProvideOutcome outcome = await client.ProvideAsync(ContentOf(content));
            Report.Write(new IpfsFigures("provide", content, [], Milliseconds(start), null, outcome.Told));
        }

        await using IpfsDht other = await JoinAsync(task);
        foreach (string content in task.Contents)
        {
            Report.Write(await FindAsync(other, content));
        }

        return 0;
    }

    private static async Task<IpfsDht> JoinAsync(IpfsTask task)
    {
        IpfsDht client = await IpfsDht.CreateAsync(new IpfsOptions
        {
            Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
            Scope = KadScope.Lan,
            Mode = KadMode.Client,
            Bootstrap = [.. task.Bootstrap.Select(Multiaddr.Parse)],
        });
        await client.Ready;
        return client;
    }

    private static async Task<IpfsFigures> FindAsync(IpfsDht client, string content)
    {
        double? first = null;
        int found = 0;
        long start = Stopwatch.GetTimestamp();
        await foreach (PeerInfo provider in client.FindProvidersAsync(ContentOf(content), new FindProvidersOptions { ThrowIfFewer = false }))
        {
            first ??= Milliseconds(start);
            found++;
        }

        return new IpfsFigures("find", content, [], Milliseconds(start), first, found);
    }

    private static Cid ContentOf(string hex) => Cid.Create(Cid.RawCodec, Convert.FromHexString(hex));

    private static double Milliseconds(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
