using System.Diagnostics.Metrics;

namespace Kadstone.Hosting.Telemetry;

/// <summary>Meters for a process that has no container to make them.</summary>
internal sealed class OwnMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        // Whoever listens can tell the meters of one process' nodes from another's, as with the container's factory.
        options.Scope = this;
        Meter meter = new(options);
        lock (_meters)
        {
            _meters.Add(meter);
        }

        return meter;
    }

    public void Dispose()
    {
        lock (_meters)
        {
            _meters.ForEach(meter => meter.Dispose());
            _meters.Clear();
        }
    }
}
