using System.Diagnostics.Metrics;

namespace Kadstone.Mainline;

/// <summary>The instruments of the Mainline node: read from its counters when somebody looks.</summary>
internal sealed class MainlineMetrics : IDisposable
{
    private readonly Meter _meter;

    internal MainlineMetrics(IMeterFactory factory, MainlineDht dht)
    {
        _meter = factory.Create("Kadstone.Mainline");
        KeyValuePair<string, object?> network = new("kadstone.network", "mainline");
        _meter.CreateObservableUpDownCounter("kadstone.routing_table.contacts", () => new Measurement<int>(dht.Status().Contacts, network), "{contact}");
        _meter.CreateObservableUpDownCounter("kadstone.lookup.active", () => new Measurement<int>(dht.Status().ActiveLookups, network), "{lookup}");
        _meter.CreateObservableUpDownCounter("kadstone.peer_table.peers", () => new Measurement<int>(dht.Status().StoredPeers, network), "{peer}");
        _meter.CreateObservableCounter("kadstone.datagram.received", () => new Measurement<long>(dht.Status().Received, network), "{datagram}");
        _meter.CreateObservableCounter("kadstone.datagram.sent", () => new Measurement<long>(dht.Status().Sent, network), "{datagram}");
        _meter.CreateObservableCounter("kadstone.datagram.dropped", () => Dropped(dht.Status()), "{datagram}");
    }

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Dropped(MainlineStatus status) =>
    [
        new(status.Malformed, new("kadstone.network", "mainline"), new("reason", "malformed")),
        new(status.RateLimited, new("kadstone.network", "mainline"), new("reason", "rate_limited")),
        new(status.Unmatched, new("kadstone.network", "mainline"), new("reason", "unmatched")),
    ];
}
