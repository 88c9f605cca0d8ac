using System.Diagnostics.Metrics;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>What the node counts, through a meter factory.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task The_instruments_tell_of_each_dht_of_the_node_while_it_lives_and_of_nothing_after_it()
    {
        using KeepingMeterFactory factory = new();
        await using Network network = await Network.StartAsync(3);
        IpfsDht node = await IpfsDht.CreateAsync(Network.Options with { Bootstrap = [network[0].Address()] }, meterFactory: factory, cancellationToken: Network.Cancelled);
        await node.HasContactsAsync(3).WaitAsync(Network.Guard, Network.Cancelled);
        await node.ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);

        Dictionary<string, long> read = Read(factory);
        read["kadstone.routing_table.contacts wan"].ShouldBe(3);
        read["kadstone.content.provided"].ShouldBe(1);
        read["kadstone.provider_table.keys wan"].ShouldBe(1);
        read["kadstone.provider_table.providers wan"].ShouldBe(1);
        read["kadstone.request.sent wan"].ShouldBeGreaterThan(3);
        read["kadstone.request.dropped wan refused"].ShouldBe(0);
        read["kadstone.request.dropped wan rate_limited"].ShouldBe(0);
        foreach (string name in (string[])["kadstone.lookup.active wan", "kadstone.request.failed wan", "kadstone.request.answered wan"])
        {
            read.Keys.ShouldContain(name);
        }

        // A factory of the host keeps its meters: the closed node must not be held by them, nor speak on.
        await node.DisposeAsync();
        Read(factory).ShouldBeEmpty();
    }

    private static Dictionary<string, long> Read(IMeterFactory factory)
    {
        Dictionary<string, long> read = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, sink) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Meter.Name == "Kadstone.Ipfs")
            {
                sink.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            tags.ToArray().ShouldContain(new KeyValuePair<string, object?>("kadstone.network", "ipfs"));
            read[string.Join(' ', [instrument.Name, .. tags.ToArray().Where(tag => tag.Key != "kadstone.network").Select(tag => tag.Value)])] = value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return read;
    }

    /// <summary>As the framework's own: one meter of a name, which lives as long as the factory.</summary>
    private sealed class KeepingMeterFactory : IMeterFactory
    {
        private readonly Dictionary<string, Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            if (!_meters.TryGetValue(options.Name, out Meter? meter))
            {
                options.Scope = this;
                meter = new KeptMeter(options);
                _meters[options.Name] = meter;
            }

            return meter;
        }

        public void Dispose()
        {
            foreach (KeptMeter meter in _meters.Values.Cast<KeptMeter>())
            {
                meter.Release();
            }
        }

        private sealed class KeptMeter(MeterOptions options) : Meter(options)
        {
            private bool _isReleased;

            public void Release()
            {
                _isReleased = true;
                Dispose();
            }

            protected override void Dispose(bool disposing) => base.Dispose(disposing && _isReleased);
        }
    }
}
