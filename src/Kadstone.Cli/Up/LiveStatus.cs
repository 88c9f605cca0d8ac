using System.Globalization;
using Kadstone.Mainline;
using Spectre.Console;

namespace Kadstone.Cli.Up;

/// <summary>A small table that is redrawn each second. Touched on a terminal only: nobody else pays for Spectre.</summary>
internal static class LiveStatus
{
    internal static async Task ShowAsync(MainlineDht own, IReadOnlyList<MainlineDht> others, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        try
        {
            await AnsiConsole.Live(Draw(own, others)).StartAsync(async context =>
            {
                while (await timer.WaitForNextTickAsync(cancellationToken))
                {
                    context.UpdateTarget(Draw(own, others));
                }
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The regular end.
        }
    }

    private static Table Draw(MainlineDht own, IReadOnlyList<MainlineDht> others)
    {
        Table table = new Table().RoundedBorder().AddColumn(new TableColumn("node").NoWrap());
        foreach (string column in (string[])["contacts", "infohashes", "peers", "in", "out", "dropped"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        Add(table, $"{own.LocalEndpoints[0]}", [own.Status()]);
        if (others.Count > 0)
        {
            Add(table, $"{others.Count} others", [.. others.Select(node => node.Status())]);
        }

        return table;
    }

    private static void Add(Table table, string name, IReadOnlyList<MainlineStatus> nodes) => table.AddRow(
        Markup.Escape(name),
        Number(nodes.Sum(node => node.Contacts)),
        Number(nodes.Sum(node => node.StoredInfoHashes)),
        Number(nodes.Sum(node => node.StoredPeers)),
        Number(nodes.Sum(node => node.Received)),
        Number(nodes.Sum(node => node.Sent)),
        Number(nodes.Sum(node => node.Malformed + node.RateLimited + node.Unmatched)));

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
