using System.Diagnostics.Metrics;

namespace Kadstone.Hosting.Telemetry;

/// <summary>The instruments of the process' nodes: read from their counts when somebody looks.</summary>
/// <remarks>Mainline and the libp2p host have meters of their own; their counts are not told twice.</remarks>
internal sealed class NodeMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _probes;
    private KadstoneNode? _node;

    internal NodeMetrics(IMeterFactory factory, KadstoneNode node, TimeProvider time)
    {
        _node = node;
        _meter = factory.Create("Kadstone.Hosting");
        _meter.CreateObservableGauge("kadstone.uptime", () => One(of => (time.GetUtcNow() - of.StartedAt).TotalSeconds), "s", "How long the nodes are up.");
        _meter.CreateObservableGauge("kadstone.datagram.budget", () => One(of => of.PacketBudget), "{datagram}/s", "How many datagrams a second may leave.");
        _meter.CreateObservableGauge("kadstone.datagram.rate", () => One(of => of.PacketsLastSecond), "{datagram}/s", "How many left in the last second.");
        _meter.CreateObservableCounter("kadstone.datagram.budget_pauses", () => One(of => (double)of.BudgetPauses), "{pause}", "How often datagrams waited for the budget.");
        _meter.CreateObservableUpDownCounter("kadstone.routing_table.contacts", () => Each(isMainlineToo: false, status => status.Contacts), "{contact}", "Entries of the routing tables.");
        _meter.CreateObservableUpDownCounter("kadstone.provider_table.providers", () => Each(isMainlineToo: false, status => status.Peers), "{provider}", "Provider records of others.");
        _meter.CreateObservableCounter("kadstone.message.received", () => Each(isMainlineToo: true, status => status.Received), "{message}", "Datagrams that came; in IPFS requests and answers.");
        _meter.CreateObservableCounter("kadstone.message.sent", () => Each(isMainlineToo: true, status => status.Sent), "{message}", "Datagrams that left; in IPFS requests and answers.");
        _meter.CreateObservableCounter("kadstone.traffic.received", () => Each(isMainlineToo: true, status => status.BytesReceived), "By", "Bytes that came.");
        _meter.CreateObservableCounter("kadstone.traffic.sent", () => Each(isMainlineToo: true, status => status.BytesSent), "By", "Bytes that left.");
        _meter.CreateObservableCounter("kadstone.message.dropped", () => Each(isMainlineToo: true, status => status.Dropped), "{message}", "What was dropped or refused.");
        _probes = _meter.CreateCounter<long>("kadstone.probe.count", "{probe}", "Lookups that asked whether a network answers.");
    }

    internal void Probed(string network, bool isAnswered) =>
        _probes.Add(1, new KeyValuePair<string, object?>(KadstoneTelemetry.NetworkTag, network), new KeyValuePair<string, object?>("kadstone.outcome", isAnswered ? "answered" : "silent"));

    // A factory may keep its meters until it is disposed itself: a closed node lets go of itself.
    public void Dispose()
    {
        _node = null;
        _meter.Dispose();
    }

    private Measurement<double>[] One(Func<KadstoneNode, double> read) => _node is KadstoneNode node ? [new(read(node))] : [];

    private Measurement<long>[] Each(bool isMainlineToo, Func<NetworkStatus, long?> read) => _node is not KadstoneNode node ? [] :
    [
        .. from network in node.Networks
           where isMainlineToo || network.Network != "mainline"
           let count = read(network.Status)
           where count is not null
           select new Measurement<long>(count.Value, new KeyValuePair<string, object?>(KadstoneTelemetry.NetworkTag, network.Network)),
    ];
}
