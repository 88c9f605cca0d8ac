using System.Globalization;
using Kadstone.Daemon.V1.Answers;
using Spectre.Console;

namespace Kadstone.Cli.Verbs.Product;

/// <summary><c>dht status --watch</c>: a table that is redrawn on a terminal; elsewhere lines when something changed.</summary>
internal static class StatusWatch
{
    private const string Event = "event: ";
    private const string Data = "data: ";

    internal static async Task<int> RunAsync(DaemonClient daemon, Terminal terminal, Output output, CancellationToken cancellationToken)
    {
        try
        {
            if (terminal.OutputIsTerminal && !output.IsJson)
            {
                await DrawAsync(daemon, cancellationToken);
            }
            else
            {
                await TellAsync(daemon, terminal, output, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Found;
        }

        throw new CommandFailedException(ExitCode.NoNetwork, $"the daemon at {daemon.Place} has ended.");
    }

    private static async Task TellAsync(DaemonClient daemon, Terminal terminal, Output output, CancellationToken cancellationToken)
    {
        string told = string.Empty;
        await foreach (string json in StatusesAsync(daemon, cancellationToken))
        {
            if (output.IsJson)
            {
                terminal.WriteLine(json);
                continue;
            }

            StatusAnswer status = daemon.Parse(json, DaemonClient.Json.StatusAnswer);
            string now = string.Join('\n', StatusVerb.Lines(status, isSteady: true));
            if (now != told)
            {
                told = now;
                output.WriteText(now);
            }
        }
    }

    private static async Task DrawAsync(DaemonClient daemon, CancellationToken cancellationToken) =>
        await AnsiConsole.Live(new Text("asking the daemon …")).StartAsync(async context =>
        {
            await foreach (string json in StatusesAsync(daemon, cancellationToken))
            {
                context.UpdateTarget(Draw(daemon.Parse(json, DaemonClient.Json.StatusAnswer)));
            }
        });

    private static Rows Draw(StatusAnswer status)
    {
        Table table = new Table().RoundedBorder().AddColumn("").AddColumn("network").AddColumn("mode");
        foreach (string column in (string[])["contacts", "nodes", "values", "peers", "in", "out", "packets/s", "B/s", "lookups"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (NetworkAnswer network in status.Networks)
        {
            table.AddRow(
                Colored(network.Level),
                Markup.Escape(network.Name),
                Markup.Escape(network.Mode),
                Number(network.Contacts),
                network.EstimatedNodes is double nodes ? StatusVerb.Rounded(nodes) : "",
                Number(network.Stored.Values),
                Number(network.Stored.Peers),
                Number(network.Traffic.Received),
                Number(network.Traffic.Sent),
                network.Rates.Sent.ToString("0.#", CultureInfo.InvariantCulture),
                Number((long)network.Rates.SentBytes),
                Number(network.Lookups.Done));
        }

        table.Caption(string.Create(CultureInfo.InvariantCulture, $"{status.Store.Kind}, {status.Store.Records:N0} records; {status.Profile}; up {TimeSpan.FromSeconds(Math.Round(status.UptimeSeconds)):c}"));
        List<Spectre.Console.Rendering.IRenderable> rows = [new Markup($"{Colored(status.Verdict.Level)} {Markup.Escape(Terminal.Clean(status.Verdict.Text))}"), table];
        if (status.Verdict.Next is string next)
        {
            rows.Add(new Markup($"next: {Markup.Escape(Terminal.Clean(next))}"));
        }

        return new Rows(rows);
    }

    private static string Colored(string level) => level switch
    {
        Level.Ok => "[green]ok[/]",
        Level.Warn => "[yellow]warn[/]",
        _ => "[red]fail[/]",
    };

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The data of each status event.</summary>
    private static async IAsyncEnumerable<string> StatusesAsync(DaemonClient daemon, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string name = string.Empty;
        await foreach (string line in daemon.GetLinesAsync("/v1/events", cancellationToken))
        {
            if (line.StartsWith(Event, StringComparison.Ordinal))
            {
                name = line[Event.Length..].TrimEnd('\r');
            }
            else if (name == "status" && line.StartsWith(Data, StringComparison.Ordinal))
            {
                yield return line[Data.Length..].TrimEnd('\r');
            }
        }
    }
}
