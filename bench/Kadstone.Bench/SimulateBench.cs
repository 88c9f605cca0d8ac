using System.Diagnostics;
using System.Globalization;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;
using Kadstone.Simulation;

namespace Kadstone.Bench;

/// <summary>A whole network in virtual time: how long the machine takes for it, and what its lookups cost.</summary>
/// <remarks>
/// Nodes join during the first sixth of the time, each through a random one of those before it, and each announces a key of its own every
/// 15 minutes. Lookups for those keys are spread over the last half. Upkeep, limits and links are as everywhere.
/// </remarks>
internal static class SimulateBench
{
    internal sealed record SimulateFigures(
        int Nodes,
        double Hours,
        int Seed,
        double Seconds,
        double ProcessorSeconds,
        long Datagrams,
        double NanosecondsOfProcessorADatagram,
        double Found,
        double RequestsMedian,
        double EntriesMean,
        long PeakResidentBytes,
        string Trace);

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "nodes", "hours", "lookups", "seed");
        int nodes = arguments.Number("nodes", byDefault: 10_000, atMost: 1_000_000);
        int hours = arguments.Number("hours", byDefault: 1, atMost: 1_000);
        int lookups = arguments.Number("lookups", byDefault: 1_000, atMost: 1_000_000);
        Report.Write(Simulate(nodes, TimeSpan.FromHours(hours), lookups, arguments.Number("seed", byDefault: 1, atMost: int.MaxValue)));
        return 0;
    }

    private static SimulateFigures Simulate(int nodes, TimeSpan duration, int lookups, int seed)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        SimulatedNetwork network = new(seed);
        CoreSettings settings = new() { Serving = ServingMode.Always };
        List<(SimulatedNode<MainlineProtocol> Node, Key160 Key)> members = [];
        for (int i = 0; i < nodes; i++)
        {
            network.Schedule(duration / 6 * i / nodes, () =>
            {
                SimulatedHost host = network.AddHost();
                Random chance = network.CreateChance();
                MainlineProtocol protocol = new(settings, [host.Endpoint(6881)], [Keyspace.Random<Key160>(chance)], chance, network.Now);
                SimulatedNode<MainlineProtocol> node = host.Bind(protocol, 6881);
                Key160 key = Keyspace.Random<Key160>(chance);
                UdpEndpoint? router = members.Count == 0 ? null : members[network.Chance.Next(members.Count)].Node.LocalEndpoint();
                members.Add((node, key));
                node.Run((started, now) =>
                {
                    if (router is UdpEndpoint known)
                    {
                        started.AddRouter(known, now);
                    }

                    started.Join(now);
                    started.Publish(new Publication(key, settings.AnnounceInterval, () => new GetPeersQuery(key, new Announcement(0, IsSeed: false))), now);
                });
            });
        }

        List<(GetPeersQuery Query, UdpEndpoint Expected)> probes = [];
        for (int i = 0; i < lookups; i++)
        {
            network.Schedule((duration / 2) + (duration * 0.49 * network.Chance.NextDouble()), () =>
            {
                (SimulatedNode<MainlineProtocol> announcer, Key160 key) = members[network.Chance.Next(members.Count)];
                GetPeersQuery query = new(key);
                probes.Add((query, announcer.LocalEndpoint()));
                members[network.Chance.Next(members.Count)].Node.Run((protocol, now) => protocol.Start(query, now));
            });
        }

        network.RunFor(duration);
        watch.Stop();
        processor = Environment.CpuUsage.TotalTime - processor;
        int found = probes.Count(probe => Finds(probe.Query, probe.Expected));
        int[] requests = [.. probes.Select(probe => probe.Query.Walks[0].Lookup.Asked).Order()];
        return new SimulateFigures(
            nodes,
            duration.TotalHours,
            seed,
            Math.Round(watch.Elapsed.TotalSeconds, 1),
            Math.Round(processor.TotalSeconds, 1),
            network.Traffic.Sent,
            Math.Round(processor.TotalNanoseconds / network.Traffic.Sent),
            found / (double)probes.Count,
            requests[requests.Length / 2],
            members.Average(member => member.Node.Protocol.Locals[0].Table.Count),
            PeakResidentBytes(),
            network.TraceHash.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static bool Finds(GetPeersQuery query, UdpEndpoint expected)
    {
        while (query.TryTake(out UdpEndpoint peer))
        {
            if (peer == expected)
            {
                return true;
            }
        }

        return false;
    }

    private static long PeakResidentBytes()
    {
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }
}
