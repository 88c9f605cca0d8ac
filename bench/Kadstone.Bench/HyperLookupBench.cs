using System.Diagnostics;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Bench;

/// <summary>The client side of bench/run-hyper-lookup: one client for all targets, then a fresh one for each of some targets and each topic.</summary>
internal static class HyperLookupBench
{
    private static readonly RpcCommand s_lookup = new("lookup", 3);

    /// <param name="Bootstrap">HOST:PORT of a node of the network.</param>
    /// <param name="Targets">Random keys in hex for the one client.</param>
    /// <param name="Fresh">Random keys in hex for fresh clients.</param>
    /// <param name="Topics">Announced topics in hex, for fresh clients.</param>
    internal sealed record HyperTask(string Bootstrap, IReadOnlyList<string> Targets, IReadOnlyList<string> Fresh, IReadOnlyList<string> Topics);

    /// <param name="Kind">"warm", "fresh" or "peers".</param>
    /// <param name="Closest">HOST:PORT of the nodes that the query gave as the closest.</param>
    /// <param name="Milliseconds">From the call to the end of the query.</param>
    /// <param name="FirstPeerMilliseconds">From the call to the first answer with peers; null when there was none.</param>
    /// <param name="Answered">Answers that brought peers, for "peers".</param>
    internal sealed record HyperFigures(string Kind, string Target, IReadOnlyList<string> Closest, double Milliseconds, double? FirstPeerMilliseconds, int Answered);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 1);
        HyperTask task = Report.Read<HyperTask>(arguments.Operands[0]);
        await using (RpcNode client = await JoinAsync(task))
        {
            foreach (string target in task.Targets)
            {
                Report.Write(await FindAsync(client, "warm", target));
            }
        }

        foreach (string target in task.Fresh)
        {
            await using RpcNode fresh = await JoinAsync(task);
            Report.Write(await FindAsync(fresh, "fresh", target));
        }

        foreach (string topic in task.Topics)
        {
            await using RpcNode fresh = await JoinAsync(task);
            Report.Write(await LookUpAsync(fresh, topic));
        }

        return 0;
    }

    private static async Task<RpcNode> JoinAsync(HyperTask task)
    {
        RpcNode node = await RpcNode.CreateAsync(new RpcOptions
        {
            Host = IPAddress.Loopback,
            Bootstrap = [task.Bootstrap],
            Scope = AddressScope.Private,
            Diversity = false,
            Limits = RateLimits.None,
        });
        await node.WaitForNetworkAsync();
        await Task.Delay(20);
        return node;
    }

    private static async Task<HyperFigures> FindAsync(RpcNode client, string kind, string target)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<RpcContact> closest = await client.FindNodeAsync(KeyOf(target));
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return new HyperFigures(kind, target, [.. closest.Select(contact => contact.Endpoint.ToString())], milliseconds, null, 0);
    }

    /// <summary>An answer to LOOKUP has a value when its node knows peers.</summary>
    private static async Task<HyperFigures> LookUpAsync(RpcNode client, string topic)
    {
        double? first = null;
        int answered = 0;
        long start = Stopwatch.GetTimestamp();
        await foreach (RpcAnswer answer in client.QueryAsync(KeyOf(topic), s_lookup))
        {
            if (answer.Value is { Length: > 0 })
            {
                first ??= Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                answered++;
            }
        }

        return new HyperFigures("peers", topic, [], Stopwatch.GetElapsedTime(start).TotalMilliseconds, first, answered);
    }

    private static Key256 KeyOf(string hex) => hex.Length == 2 * Key256.ByteLength ? Key256.Read(Convert.FromHexString(hex)) : throw new ArgumentException($"{hex} is no key of 32 bytes");
}
