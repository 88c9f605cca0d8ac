using System.CommandLine;
using System.Globalization;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product;

/// <summary><c>dht status</c>: whether the daemon's nodes work, and what to do next.</summary>
internal sealed class StatusVerb : DaemonVerb
{
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Stay and show what changes, until Ctrl-C." };

    internal StatusVerb(Terminal terminal)
        : base(
            terminal,
            "status",
            "Shows how the running daemon's nodes stand: a verdict, a line a network, the next thing to do.",
            "dht status",
            "dht status --watch",
            "dht status --data /var/lib/kadstone -o json",
            "dht status --api http://192.0.2.7:5001 --token TOKEN") =>
        Add(_watch);

    protected override async Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_watch))
        {
            return await StatusWatch.RunAsync(daemon, Terminal, output, cancellationToken);
        }

        string text = await daemon.GetTextAsync("/v1/status", cancellationToken);
        StatusAnswer status = daemon.Parse(text, DaemonClient.Json.StatusAnswer);
        if (output.IsJson)
        {
            Terminal.WriteLine(text);
        }
        else
        {
            foreach (string line in Lines(status))
            {
                output.WriteText(line);
            }
        }

        return Code(status);
    }

    /// <summary>The verdict, a line a network, the store, and what to do next.</summary>
    /// <param name="status">The status.</param>
    /// <param name="isSteady">Without what changes each second, which says nothing in a log.</param>
    internal static IEnumerable<string> Lines(StatusAnswer status, bool isSteady = false)
    {
        yield return $"[{status.Verdict.Level}] {status.Verdict.Text}";
        foreach (NetworkAnswer network in status.Networks)
        {
            yield return $"[{network.Level}] {Describe(network, isSteady)}";
        }

        if (!isSteady && status.Networks is [{ Budget.PacketsPerSecond: int most } first, ..])
        {
            yield return Invariant($"[ok] packet budget: {first.Budget.Used:0.#} of {most} packets/s, all networks together");
        }

        StoreAnswer store = status.Store;
        yield return store.Error is null ? Invariant($"[ok] store: {store.Kind}, {Counted.Of(store.Records, "record")}") : $"[fail] store: {store.Kind}, {store.Error}";
        if (status.Devnet is { } devnet)
        {
            yield return $"[ok] devnet: {string.Join(", ", devnet.Nodes.Select(nodes => $"{Counted.Of(nodes.Value, "node")} of {nodes.Key}"))}";
        }

        string[] next = [.. status.Networks.Select(network => network.Next).Append(status.Verdict.Next).OfType<string>().Distinct()];
        foreach (string one in next)
        {
            yield return $"next: {one}";
        }
    }

    internal static int Code(StatusAnswer status) =>
        status.Verdict.Level != Level.Fail ? ExitCode.Found
        : status.Store.Error is not null ? ExitCode.Error
        : ExitCode.NoNetwork;

    private static string Describe(NetworkAnswer network, bool isSteady)
    {
        string size = network.EstimatedNodes is double nodes ? Invariant($" of about {Rounded(nodes)} nodes") : string.Empty;
        string reach = network.Reachable switch { true => "reached by others", false => "not reached by others", null => "reachability unknown" };
        string traffic = isSteady ? string.Empty
            : Invariant($", {network.Rates.Sent:0.#} packets/s and {network.Rates.SentBytes:#,0} B/s sent, {Counted.Of(network.Lookups.Done, "lookup")}");
        return Invariant($"{network.Name}: {Counted.Of(network.Contacts, "contact")}{size}, {network.Mode}, {reach}, {Counted.Of(network.Stored.Values, "value")} and {Counted.Of(network.Stored.Peers, "peer")} stored{traffic}; {Where(network)}");
    }

    private static string Where(NetworkAnswer network) => network.Addresses.Count == 0 ? "listens nowhere" : network.Addresses[0].Split("/p2p/")[0];

    /// <summary>An estimate is not known to the unit.</summary>
    internal static string Rounded(double nodes)
    {
        double unit = nodes < 1000 ? 1 : Math.Pow(10, Math.Floor(Math.Log10(nodes)) - 2);
        return (Math.Round(nodes / unit) * unit).ToString("#,0", CultureInfo.InvariantCulture);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
