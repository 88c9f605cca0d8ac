using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kadstone.Libp2p.Tests.Facade;

public sealed class StatusTests
{
    private static CancellationToken Cancelled => Hosts.Cancelled;

    [Fact]
    public async Task A_meter_reads_the_counts_of_its_host_until_it_is_closed()
    {
        using Meters meters = new();
        Libp2pHost host = await Libp2pHost.CreateAsync(Hosts.Options, meterFactory: meters, cancellationToken: Cancelled);
        await using Libp2pHost other = await Hosts.StartAsync();
        await host.ConnectAsync(other.Info(), Cancelled);
        meters.Read()["kadstone.connection.active"].ShouldBe(1);
        Task gone = host.DisconnectedAsync(other.LocalPeer);
        host.Disconnect(other.LocalPeer);
        await gone;
        ConcurrentDictionary<string, long> read = meters.Read();
        (read["kadstone.connection.active"], read["kadstone.connection.ended Closed"], read["kadstone.stream.active"]).ShouldBe((0, 1, 0));
        await host.DisposeAsync();
        meters.Read().ShouldBeEmpty();
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Libp2pOptions[] wrong =
        [
            Hosts.Options with { Listen = [Multiaddr.Parse("/ip4/127.0.0.1/udp/1")] },
            Hosts.Options with { AgentVersion = "" },
            Hosts.Options with { DialTimeout = TimeSpan.Zero },
            Hosts.Options with { HandshakeTimeout = TimeSpan.FromSeconds(-1) },
            Hosts.Options with { Limits = new HostLimits { PerPeer = 0 } },
        ];
        wrong.Select(options => Should.Throw<ArgumentException>(() => Hosts.StartAsync(options)).ParamName)
            .ShouldBe(["Listen", "AgentVersion", "DialTimeout", "HandshakeTimeout", "Limits"]);
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            Meter meter = new(options);
            _meters.Add(meter);
            return meter;
        }

        public ConcurrentDictionary<string, long> Read()
        {
            ConcurrentDictionary<string, long> read = new();
            using MeterListener listener = new();
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (_meters.Contains(instrument.Meter))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                string reason = "";
                foreach (KeyValuePair<string, object?> tag in tags)
                {
                    reason = tag.Key == "reason" ? $" {tag.Value}" : reason;
                }

                read[instrument.Name + reason] = value;
            });
            listener.Start();
            listener.RecordObservableInstruments();
            return read;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
