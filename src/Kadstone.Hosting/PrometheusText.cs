using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Kadstone.Hosting.Telemetry;

namespace Kadstone.Hosting;

/// <summary>The process' metrics as Prometheus reads them: text format 0.0.4, what a daemon serves at <c>/metrics</c>.</summary>
/// <remarks>
/// Names are those of the instruments with <c>_</c> for dots; counters end with <c>_total</c>, and seconds and bytes are in the name.
/// Of one instrument at most 1,000 series are kept; what is beyond is left out. Safe for concurrent use.
/// </remarks>
public sealed class PrometheusText : IDisposable
{
    /// <summary>The content type of <see cref="Write"/>'s text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, SeriesSet> _sets = new(StringComparer.Ordinal);

    /// <summary>Listens from now on: counters that are added to begin at zero here.</summary>
    /// <param name="includes">Which meters; null: those whose name begins with <c>Kadstone</c>, and <c>System.Runtime</c>.</param>
    public PrometheusText(Func<Meter, bool>? includes = null)
    {
        includes ??= static meter => meter.Name.StartsWith(KadstoneTelemetry.Name, StringComparison.Ordinal) || meter.Name == "System.Runtime";
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (includes(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument, this);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<short>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<float>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((instrument, value, tags, _) => Note(instrument, (double)value, tags));
        _listener.Start();
    }

    /// <summary>All series of this moment.</summary>
    public string Write()
    {
        lock (_lock)
        {
            foreach (SeriesSet set in _sets.Values)
            {
                set.BeginRound();
            }

            _listener.RecordObservableInstruments();
            StringBuilder text = new();
            foreach (SeriesSet set in _sets.Values)
            {
                set.WriteTo(text);
            }

            return text.ToString();
        }
    }

    /// <summary>Ends the listening.</summary>
    public void Dispose() => _listener.Dispose();

    internal static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            string name = SeriesSet.NameOf(instrument);
            if (!_sets.TryGetValue(name, out SeriesSet? set))
            {
                _sets[name] = set = new SeriesSet(name, instrument);
            }

            set.Note(instrument, value, tags);
        }
    }
}
