using System.Diagnostics;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Bench;

/// <summary>The client side of bench/run-lookup: one client for all targets, then a fresh one for each infohash.</summary>
internal static class LookupBench
{
    /// <param name="Bootstrap">HOST:PORT of a node of the network.</param>
    /// <param name="Rtt">Milliseconds that the network's answers are delayed.</param>
    /// <param name="Targets">Random infohashes in hex: nobody announced them.</param>
    /// <param name="Infohashes">Announced infohashes in hex.</param>
    internal sealed record LookupTask(string Bootstrap, int Rtt, IReadOnlyList<string> Targets, IReadOnlyList<string> Infohashes);

    /// <param name="Kind">"closest" for a target, "peers" for an announced infohash.</param>
    /// <param name="Requests">get_peers sent, repeats included.</param>
    /// <param name="Answered">Ids in hex of the nodes whose answer came before the lookup ended.</param>
    /// <param name="Milliseconds">From the call to the end of the lookup.</param>
    /// <param name="FirstPeerMilliseconds">From the call to the first peer; null when there was none.</param>
    /// <param name="Peers">Distinct peers found.</param>
    internal sealed record LookupFigures(string Kind, string Target, int Requests, IReadOnlyList<string> Answered, double Milliseconds, double? FirstPeerMilliseconds, int Peers);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 1);
        LookupTask task = Report.Read<LookupTask>(arguments.Operands[0]);
        await foreach (LookupFigures figures in LookUpAsync(task))
        {
            Report.Write(figures);
        }
        return 0;
    }

    /// <summary>Bootstraps before the clock starts; private addresses allowed, diversity limits off, a port of the kernel's choice.</summary>
    private static async IAsyncEnumerable<LookupFigures> LookUpAsync(LookupTask task)
    {
        await using (MainlineDht client = await JoinAsync(task))
        {
            foreach (string target in task.Targets)
            {
                yield return await LookUpAsync(client, "closest", target);
            }
        }

        foreach (string infohash in task.Infohashes)
        {
            await using MainlineDht fresh = await JoinAsync(task);
            yield return await LookUpAsync(fresh, "peers", infohash);
        }
    }

    private static async Task<MainlineDht> JoinAsync(LookupTask task)
    {
        MainlineDht dht = await MainlineDht.CreateAsync(new MainlineOptions
        {
            Addresses = [IPAddress.Loopback],
            Bootstrap = [task.Bootstrap],
            Scope = AddressScope.Private,
            Diversity = false,
            Limits = RateLimits.None,
        });
        await dht.WaitForNetworkAsync();

        // The join goes on with a walk into each bucket that has room, with pauses between them: no client is measured while it joins.
        for (int quiet = 0; quiet < 50; quiet = dht.Status() is { UpkeepLookups: 0, Contacts: > 0 } ? quiet + 1 : 0)
        {
            await Task.Delay(20);
        }

        return dht;
    }

    private static async Task<LookupFigures> LookUpAsync(MainlineDht dht, string kind, string target)
    {
        if (!Key160.TryParse(target, out Key160 infohash))
        {
            throw new ArgumentException($"{target} is no infohash");
        }

        PeerLookup lookup = dht.GetPeersAsync(infohash);
        double? first = null;
        int peers = 0;
        long start = Stopwatch.GetTimestamp();
        await foreach (UdpEndpoint _ in lookup)
        {
            first ??= Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            peers++;
        }

        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        LookupTrace trace = lookup.Traces[0];
        string[] answered = [.. trace.Steps.Where(step => step.RoundTrip is not null).Select(step => step.Node.Id.ToString())];
        return new LookupFigures(kind, target, trace.Steps.Count, answered, milliseconds, first, peers);
    }
}
