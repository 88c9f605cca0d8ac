using System.Diagnostics.Metrics;

namespace Kadstone.Libp2p;

/// <summary>The instruments of the host: read from its counts when somebody looks.</summary>
/// <remarks>A factory may keep its meters until it is disposed itself, so a closed host lets go of itself and reports nothing more.</remarks>
internal sealed class Libp2pMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> s_network = new("kadstone.network", "ipfs");

    private readonly Meter _meter;
    private Libp2pHost? _host;

    internal Libp2pMetrics(IMeterFactory factory, Libp2pHost host)
    {
        _host = host;
        _meter = factory.Create("Kadstone.Libp2p");
        _meter.CreateObservableUpDownCounter("kadstone.connection.active", () => Read(status => status.Connections), "{connection}");
        _meter.CreateObservableUpDownCounter("kadstone.connection.half_open", () => Read(status => status.HalfOpen), "{connection}");
        _meter.CreateObservableUpDownCounter("kadstone.stream.active", () => Read(status => status.Streams), "{stream}");
        _meter.CreateObservableCounter("kadstone.connection.refused", () => Read(status => status.Refused), "{connection}");
        _meter.CreateObservableCounter("kadstone.connection.ended", Ended, "{connection}");
    }

    public void Dispose()
    {
        _host = null;
        _meter.Dispose();
    }

    private Measurement<long>[] Read(Func<HostStatus, long> read) => _host is Libp2pHost host ? [new(read(host.Status()), s_network)] : [];

    private Measurement<long>[] Ended() =>
        _host is Libp2pHost host ? [.. host.Status().Ended.Select(pair => new Measurement<long>(pair.Value, s_network, new("reason", pair.Key)))] : [];
}
