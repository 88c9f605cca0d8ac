using System.Diagnostics.Metrics;
using System.Text;

namespace Kadstone.Hosting.Telemetry;

/// <summary>The series of one metric's name, by their labels.</summary>
internal sealed class SeriesSet
{
    private const int MaxSeries = 1_000;

    private static readonly double[] s_bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly string _name;
    private readonly string _type;
    private readonly string _help;
    private readonly double[] _bounds;
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);

    internal SeriesSet(string name, Instrument instrument)
    {
        _name = name;
        _type = TypeOf(instrument);
        _help = instrument.Description ?? string.Empty;
        _bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : s_bounds;
    }

    internal static string NameOf(Instrument instrument)
    {
        StringBuilder name = new();
        foreach (char letter in instrument.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(letter) ? letter : '_');
        }

        string suffix = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => string.Empty,
        };
        if (suffix.Length > 0 && !instrument.Name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name.Append(suffix);
        }

        return TypeOf(instrument) == "counter" ? name.Append("_total").ToString() : name.ToString();
    }

    /// <summary>What is observed is told anew in each round: a series that is not is over.</summary>
    internal void BeginRound()
    {
        foreach (string over in _series.Where(pair => pair.Value.IsObserved).Select(pair => pair.Key).ToArray())
        {
            _series.Remove(over);
        }
    }

    internal void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        if (!_series.TryGetValue(labels, out Series? series))
        {
            if (_series.Count >= MaxSeries)
            {
                return;
            }

            _series[labels] = series = new Series { IsObserved = instrument.IsObservable, Buckets = _type == "histogram" ? new long[_bounds.Length] : [] };
        }

        // Two meters may have one name, as two networks' do: their counts are one series' sum if they have no labels to tell them apart.
        series.Sum = _type == "gauge" && !IsSum(instrument) ? value : series.Sum + value;
        series.Count++;
        for (int i = 0; i < series.Buckets.Length; i++)
        {
            series.Buckets[i] += value <= _bounds[i] ? 1 : 0;
        }
    }

    internal void WriteTo(StringBuilder text)
    {
        if (_series.Count == 0)
        {
            return;
        }

        if (_help.Length > 0)
        {
            text.Append("# HELP ").Append(_name).Append(' ').Append(_help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        }

        text.Append("# TYPE ").Append(_name).Append(' ').Append(_type).Append('\n');
        foreach ((string labels, Series series) in _series)
        {
            if (_type != "histogram")
            {
                Line(text, _name, labels, series.Sum);
                continue;
            }

            for (int i = 0; i < _bounds.Length; i++)
            {
                Line(text, _name + "_bucket", With(labels, PrometheusText.Number(_bounds[i])), series.Buckets[i]);
            }

            Line(text, _name + "_bucket", With(labels, "+Inf"), series.Count);
            Line(text, _name + "_sum", labels, series.Sum);
            Line(text, _name + "_count", labels, series.Count);
        }
    }

    private static string With(string labels, string bound) => labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"";

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(PrometheusText.Number(value)).Append('\n');
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return string.Empty;
        }

        List<string> labels = [];
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            string name = string.Concat(tag.Key.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
            string value = (tag.Value?.ToString() ?? string.Empty).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Add($"{name}=\"{value}\"");
        }

        labels.Sort(StringComparer.Ordinal);
        return string.Join(',', labels);
    }

    private static bool IsSum(Instrument instrument) => TypeName(instrument).Contains("UpDownCounter", StringComparison.Ordinal);

    private static string TypeOf(Instrument instrument) => TypeName(instrument) switch
    {
        "Counter`1" or "ObservableCounter`1" => "counter",
        "Histogram`1" => "histogram",
        _ => "gauge",
    };

    private static string TypeName(Instrument instrument) => instrument.GetType().Name;

    private sealed class Series
    {
        internal bool IsObserved { get; init; }

        internal required long[] Buckets { get; init; }

        internal double Sum { get; set; }

        internal long Count { get; set; }
    }
}
