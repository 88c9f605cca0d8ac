using System.Globalization;
using Spectre.Console;

namespace Kadstone.Cli.Up;

/// <summary>A small table that is redrawn each second. Touched on a terminal only: nobody else pays for Spectre.</summary>
internal static class LiveStatus
{
    internal static async Task ShowAsync(IReadOnlyList<UpNode> own, IReadOnlyList<IReadOnlyList<UpNode>> others, CancellationToken cancellationToken)
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

    private static Table Draw(IReadOnlyList<UpNode> own, IReadOnlyList<IReadOnlyList<UpNode>> others)
    {
        Table table = new Table().RoundedBorder().AddColumn(new TableColumn("node").NoWrap());
        foreach (string column in (string[])["contacts", "infohashes", "peers", "in", "out", "dropped"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (UpNode node in own)
        {
            Add(table, $"{node.Network} {node.Endpoints[0]}", [node.Status]);
        }

        foreach (IReadOnlyList<UpNode> network in others)
        {
            Add(table, $"{network.Count} others of {network[0].Network}", [.. network.Select(node => node.Status)]);
        }

        return table;
    }

    private static void Add(Table table, string name, IReadOnlyList<UpStatus> nodes) => table.AddRow(
        Markup.Escape(name),
        Number(nodes.Sum(node => node.Contacts)),
        Number(nodes[0].Keys is null ? null : nodes.Sum(node => node.Keys)),
        Number(nodes[0].Peers is null ? null : nodes.Sum(node => node.Peers)),
        Number(nodes.Sum(node => node.Received)),
        Number(nodes.Sum(node => node.Sent)),
        Number(nodes.Sum(node => node.Dropped)));

    private static string Number(long? count) => count?.ToString("N0", CultureInfo.InvariantCulture) ?? "";
}
