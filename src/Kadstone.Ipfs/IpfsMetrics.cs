using System.Diagnostics.Metrics;

namespace Kadstone.Ipfs;

/// <summary>The instruments of the IPFS node: read from its counts when somebody looks, for each DHT that it is part of.</summary>
/// <remarks>A factory may keep its meters until it is disposed itself, so a closed node lets go of itself and reports nothing more.</remarks>
internal sealed class IpfsMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> s_network = new("kadstone.network", "ipfs");

    private readonly Meter _meter;
    private IpfsDht? _dht;

    internal IpfsMetrics(IMeterFactory factory, IpfsDht dht)
    {
        _dht = dht;
        _meter = factory.Create("Kadstone.Ipfs");
        _meter.CreateObservableUpDownCounter("kadstone.routing_table.contacts", () => Read(status => status.Contacts), "{contact}");
        _meter.CreateObservableUpDownCounter("kadstone.lookup.active", () => Read(status => status.ActiveQueries), "{lookup}");
        _meter.CreateObservableUpDownCounter("kadstone.provider_table.keys", () => Read(status => status.ProviderKeys), "{key}");
        _meter.CreateObservableUpDownCounter("kadstone.provider_table.providers", () => Read(status => status.Providers), "{provider}");
        _meter.CreateObservableUpDownCounter("kadstone.content.provided", Provided, "{content}");
        _meter.CreateObservableCounter("kadstone.request.sent", () => Read(status => status.Requests), "{request}");
        _meter.CreateObservableCounter("kadstone.request.failed", () => Read(status => status.Failures), "{request}");
        _meter.CreateObservableCounter("kadstone.request.answered", () => Read(status => status.Answered), "{request}");
        _meter.CreateObservableCounter("kadstone.request.dropped", Dropped, "{request}");
    }

    public void Dispose()
    {
        _dht = null;
        _meter.Dispose();
    }

    private Measurement<long>[] Read(Func<IpfsStatus, long> read) =>
        _dht is IpfsDht dht ? [.. dht.Status().Select(status => new Measurement<long>(read(status), s_network, ScopeOf(status)))] : [];

    private Measurement<long>[] Provided() => _dht is IpfsDht dht ? [new(dht.Keeper.Provided, s_network)] : [];

    private Measurement<long>[] Dropped() => _dht is not IpfsDht dht ? [] :
    [
        .. dht.Status().SelectMany(status => (Measurement<long>[])
        [
            new(status.Refused, s_network, ScopeOf(status), new("reason", "refused")),
            new(status.RateLimited, s_network, ScopeOf(status), new("reason", "rate_limited")),
        ]),
    ];

    private static KeyValuePair<string, object?> ScopeOf(IpfsStatus status) => new("kadstone.scope", status.Scope == KadScope.Wan ? "wan" : "lan");
}
