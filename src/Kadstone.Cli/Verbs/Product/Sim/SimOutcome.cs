using System.Globalization;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>What came of a simulated network.</summary>
internal sealed record SimOutcome(
    string Wire,
    SimPlan Plan,
    int Lookups,
    int Found,
    (double Half, double Most) Seconds,
    (double Half, double Most) Requests,
    int Replaced,
    (long Sent, long Lost) Packets,
    TimeSpan VirtualTime,
    TimeSpan Took,
    ulong TraceHash)
{
    internal double Share => Lookups == 0 ? 0 : (double)Found / Lookups;

    internal static SimOutcome Of(string wire, SimPlan plan, SimSwarm swarm, TimeSpan took)
    {
        SimLookup[] counted = [.. swarm.Lookups.Where(lookup => lookup is { Counts: true, Seconds: not null })];
        return new SimOutcome(
            wire,
            plan,
            counted.Length,
            counted.Count(lookup => lookup.IsFound),
            Percentiles([.. counted.Select(lookup => lookup.Seconds.GetValueOrDefault())]),
            Percentiles([.. counted.Select(lookup => (double)lookup.Requests)]),
            swarm.Replaced,
            swarm.Packets,
            swarm.Network.Elapsed,
            took,
            swarm.Network.TraceHash);
    }

    internal void Write(Output output) => output.Write(
        Invariant($"{Wire}: found {Found} of {Lookups} ({Share * 100:0.00} %), latency p50 {Seconds.Half:0.00} s p95 {Seconds.Most:0.00} s, requests p50 {Requests.Half:0} p95 {Requests.Most:0}; {Plan.Nodes} nodes, {Replaced} replaced, {Packets.Sent} packets, {Packets.Lost} lost, seed {Plan.Seed}, {VirtualTime.TotalMinutes:0} virtual minutes in {Took.TotalSeconds:0.0} s"),
        json =>
        {
            json.WriteString("wire", Wire);
            json.WriteNumber("nodes", Plan.Nodes);
            json.WriteNumber("seed", Plan.Seed);
            json.WriteNumber("lookups", Lookups);
            json.WriteNumber("found", Found);
            json.WriteNumber("seconds_p50", Math.Round(Seconds.Half, 3));
            json.WriteNumber("seconds_p95", Math.Round(Seconds.Most, 3));
            json.WriteNumber("requests_p50", Requests.Half);
            json.WriteNumber("requests_p95", Requests.Most);
            json.WriteNumber("replaced", Replaced);
            json.WriteNumber("packets", Packets.Sent);
            json.WriteNumber("lost", Packets.Lost);
            json.WriteNumber("virtual_minutes", Math.Round(VirtualTime.TotalMinutes, 2));
            json.WriteNumber("seconds", Math.Round(Took.TotalSeconds, 3));
            json.WriteString("run", TraceHash.ToString("x16", CultureInfo.InvariantCulture));
        });

    private static (double Half, double Most) Percentiles(double[] values)
    {
        Array.Sort(values);
        double At(double share) => values.Length == 0 ? 0 : values[Math.Min(values.Length - 1, (int)(values.Length * share))];
        return (At(0.5), At(0.95));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
