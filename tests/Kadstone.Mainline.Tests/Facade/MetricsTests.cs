using System.Diagnostics.Metrics;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>What the node counts, through a meter factory.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task The_instruments_tell_of_the_node_while_it_lives_and_of_nothing_after_it()
    {
        using KeepingMeterFactory factory = new();
        await using Devnet devnet = await Devnet.StartAsync(3);
        MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(100, devnet[0].Endpoint().ToString()), meterFactory: factory);
        await node.WaitForNetworkAsync(Devnet.Guard());
        await devnet[1].AnnouncePeerAsync(Devnet.RandomKey(), 1, cancellationToken: Devnet.Guard());
        await node.FindNodeAsync(default, Devnet.Guard());
        Dictionary<string, long> read = Read(factory);
        read["kadstone.routing_table.contacts"].ShouldBe(3);
        read["kadstone.lookup.active"].ShouldBe(0);
        read["kadstone.datagram.received"].ShouldBeGreaterThan(0);
        read["kadstone.datagram.sent"].ShouldBeGreaterThan(0);
        read.Keys.ShouldContain("kadstone.peer_table.peers");
        read.Keys.ShouldContain("kadstone.datagram.dropped");

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
            if (instrument.Meter.Scope == factory)
            {
                sink.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            tags.ToArray().ShouldContain(new KeyValuePair<string, object?>("kadstone.network", "mainline"));
            read[instrument.Name] = value;
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
