using System.Diagnostics.Metrics;

namespace Kadstone.Mainline;

/// <summary>The instruments of the Mainline node: read from its counters when somebody looks.</summary>
/// <remarks>A factory may keep its meters until it is disposed itself, so a closed node lets go of itself and reports nothing more.</remarks>
internal sealed class MainlineMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> s_network = new("kadstone.network", "mainline");

    private readonly Meter _meter;
    private MainlineDht? _dht;

    internal MainlineMetrics(IMeterFactory factory, MainlineDht dht)
    {
        _dht = dht;
        _meter = factory.Create("Kadstone.Mainline");
        _meter.CreateObservableUpDownCounter("kadstone.routing_table.contacts", () => Read(status => status.Contacts), "{contact}");
        _meter.CreateObservableUpDownCounter("kadstone.lookup.active", () => Read(status => status.ActiveLookups), "{lookup}");
        _meter.CreateObservableUpDownCounter("kadstone.lookup.upkeep", () => Read(status => status.UpkeepLookups), "{lookup}");
        _meter.CreateObservableUpDownCounter("kadstone.peer_table.peers", () => Read(status => status.StoredPeers), "{peer}");
        _meter.CreateObservableCounter("kadstone.datagram.received", () => Read(status => status.Received), "{datagram}");
        _meter.CreateObservableCounter("kadstone.datagram.sent", () => Read(status => status.Sent), "{datagram}");
        _meter.CreateObservableCounter("kadstone.datagram.dropped", Dropped, "{datagram}");
    }

    public void Dispose()
    {
        _dht = null;
        _meter.Dispose();
    }

    private Measurement<long>[] Read(Func<MainlineStatus, long> read) =>
        _dht is MainlineDht dht ? [new(read(dht.Status()), s_network)] : [];

    private Measurement<long>[] Dropped()
    {
        if (_dht is not MainlineDht dht)
        {
            return [];
        }

        MainlineStatus status = dht.Status();
        return
        [
            new(status.Malformed, s_network, new("reason", "malformed")),
            new(status.RateLimited, s_network, new("reason", "rate_limited")),
            new(status.Unmatched, s_network, new("reason", "unmatched")),
        ];
    }
}
