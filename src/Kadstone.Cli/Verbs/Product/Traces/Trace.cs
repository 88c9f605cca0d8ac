using System.Globalization;
using System.Text.Json;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Traces;

/// <summary>A lookup as lines of text.</summary>
internal static class Trace
{
    internal static async Task<int> ShowAsync(DaemonClient daemon, string id, Terminal terminal, Output output, CancellationToken cancellationToken)
    {
        string text = await daemon.GetTextAsync($"/v1/lookups/{id}", cancellationToken);
        LookupAnswer lookup = daemon.Parse(text, DaemonClient.Json.LookupAnswer);
        if (output.IsJson)
        {
            terminal.WriteLine(text);
            return ExitCode.Found;
        }

        foreach (string line in Draw(lookup))
        {
            output.WriteText(line);
        }

        return ExitCode.Found;
    }

    internal static void Write(Utf8JsonWriter json, LookupSummary lookup)
    {
        json.WriteString("id", lookup.Id);
        json.WriteString("network", lookup.Network);
        json.WriteString("kind", lookup.Kind);
        json.WriteString("target", lookup.Target);
        json.WriteString("state", lookup.State);
        json.WriteString("started_at", lookup.StartedAt.ToString("O", CultureInfo.InvariantCulture));
        json.WriteNumber("milliseconds", Math.Round(lookup.Milliseconds, 3));
        json.WriteNumber("requests", lookup.Requests);
        json.WriteNumber("answers", lookup.Answers);
        json.WriteNumber("hops", lookup.Hops);
        json.WriteNumber("found", lookup.Found);
        json.WriteNumber("stores", lookup.Stores);
        json.WriteNumber("stored", lookup.Stored);
        json.WriteString("reason", lookup.Reason);
    }

    /// <summary>What the closest contacts say of a lookup: how many of them answered.</summary>
    internal static (int Answered, int All) Closest(LookupAnswer lookup)
    {
        HashSet<string> answered = [.. lookup.Steps.Where(step => step.Kind == "answered").Select(step => step.Contact.Keyspace)];
        return (lookup.Closest.Count(contact => answered.Contains(contact.Keyspace)), lookup.Closest.Count);
    }

    private static IEnumerable<string> Draw(LookupAnswer lookup)
    {
        yield return $"{lookup.Network} {lookup.Kind} {lookup.Target}";
        yield return "      at  hop  what      bits left  round trip  contact";
        foreach (StepAnswer step in lookup.Steps)
        {
            string brought = step.Kind switch
            {
                "answered" => Invariant($"  {step.Closer} closer, {step.Values} found"),
                "stored" => "  took it",
                "store_refused" => step.Code is int code ? Invariant($"  did not take it, error {code}") : "  did not take it",
                "store_silent" => "  no word on it",
                _ => string.Empty,
            };
            string roundTrip = step.RttMs is double milliseconds ? Invariant($"{milliseconds:0.0} ms") : string.Empty;
            yield return Invariant($"{step.AtMs,6:0.0}ms  {(step.Hop > 0 ? Invariant($"{step.Hop}") : "put"),3}  {Word(step.Kind),-8}  {step.DistanceBits,9}  {roundTrip,10}  {step.Contact.Address} {Short(step.Contact.Id)}{brought}");
        }

        (int answered, int all) = Closest(lookup);
        yield return Invariant($"{lookup.State} after {lookup.Milliseconds:0.0} ms: {Counted.Of(lookup.Requests, "request")}, {Counted.Of(lookup.Answers, "answer")}, {Counted.Of(lookup.Hops, "hop")}, {lookup.Found} found; {Written(lookup)}{answered} of the {all} closest answered{(lookup.Reason is null ? "." : $". {lookup.Reason}")}");
    }

    private static string Written(LookupSummary lookup) => lookup.Stores == 0 ? string.Empty : Invariant($"{lookup.Stored} of {lookup.Stores} stored it; ");

    // A column's width.
    private static string Word(string kind) => kind switch { "store_refused" => "refused", "store_silent" => "silent", _ => kind };

    private static string Short(string id) => id.Length > 16 && !id.Contains('/', StringComparison.Ordinal) ? $"{id[..12]}…" : id;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
