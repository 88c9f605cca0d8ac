using System.Diagnostics;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Bench;

/// <summary>The first example of dht-rpc: many nodes in one process. How soon have all joined, and what do they hold.</summary>
/// <remarks>On 127.78.x.1, so that diversity stays on and each node's table is what it would be elsewhere.</remarks>
internal static class HyperHundredBench
{
    /// <param name="Seconds">From the first node's creation until the join of the last is over.</param>
    /// <param name="ResidentMegabytes">Of the process, after those queries.</param>
    /// <param name="GrownMegabytes">The same, less what the process had before the first node.</param>
    /// <param name="HeapMegabytes">Managed, after a collection.</param>
    /// <param name="Contacts">Entries of a routing table when the last join is over, in the mean.</param>
    /// <param name="Exact">Of the 20 closest to a target, how many a query from a random node finds, in the mean of 20 queries right after the join.</param>
    internal sealed record HundredFigures(string Wire, int Nodes, double Seconds, double ResidentMegabytes, double GrownMegabytes, double HeapMegabytes, double Contacts, double Exact);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "nodes", "wire");
        int count = arguments.Number("nodes", byDefault: 100, atMost: 250);
        string wire = arguments.Options.GetValueOrDefault("wire", "v6");
        if (wire is not ("v6" or "gen1"))
        {
            throw new ArgumentException("--wire takes v6 or gen1");
        }

        long before = Report.ResidentBytes();
        long begin = Stopwatch.GetTimestamp();
        List<IRpcNode> nodes = [];
        for (int n = 0; n < count; n++)
        {
            RpcOptions options = new()
            {
                Host = IPAddress.Parse($"127.78.{n}.1"),
                Ephemeral = false,
                Scope = AddressScope.Private,
                Bootstrap = n == 0 ? [] : [nodes[0].LocalEndpoint.ToString()],
            };
            IRpcNode node = wire == "v6" ? RpcNode.Create(options) : Gen1RpcNode.Create(options);
            nodes.Add(node);
            await node.ListenAsync();
        }

        await Task.WhenAll(nodes.Select(node => node.Ready));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        double contacts = nodes.Average(ContactsOf);
        double exact = await ExactnessAsync(nodes);
        long resident = Report.ResidentBytes();
        Report.Write(new HundredFigures(
            wire,
            count,
            Math.Round(seconds, 3),
            Megabytes(resident),
            Megabytes(resident - before),
            Megabytes(GC.GetTotalMemory(forceFullCollection: true)),
            contacts,
            exact));
        await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
        return 0;
    }

    private static async Task<double> ExactnessAsync(List<IRpcNode> nodes)
    {
        Random chance = new(1);
        int found = 0;
        for (int i = 0; i < 20; i++)
        {
            Key256 target = Keyspace.Random<Key256>(chance);
            IRpcNode from = nodes[chance.Next(nodes.Count)];
            HashSet<Key256> closest = [.. nodes.Where(node => node != from).Select(node => node.Id.GetValueOrDefault()).OrderBy(id => id ^ target).Take(20)];
            found += (await from.FindNodeAsync(target)).Count(contact => closest.Contains(contact.Id));
        }

        return found / 20.0;
    }

    private static int ContactsOf(IRpcNode node) => node switch
    {
        RpcNode today => today.Contacts().Count,
        Gen1RpcNode first => first.Contacts().Count,
        _ => 0,
    };

    private static double Megabytes(long bytes) => Math.Round(bytes / 1e6, 1);
}
