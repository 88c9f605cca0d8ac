using System.Globalization;
using Kadstone.Hosting;
using Spectre.Console;

namespace Kadstone.Cli.Up;

/// <summary>A small table that is redrawn each second. Touched on a terminal only: nobody else pays for Spectre.</summary>
internal static class LiveStatus
{
    internal static async Task ShowAsync(KadstoneNode own, IReadOnlyList<Devnet> devnets, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        try
        {
            await AnsiConsole.Live(Draw(own, devnets)).StartAsync(async context =>
            {
                while (await timer.WaitForNextTickAsync(cancellationToken))
                {
                    context.UpdateTarget(Draw(own, devnets));
                }
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The regular end.
        }
    }

    private static Table Draw(KadstoneNode own, IReadOnlyList<Devnet> devnets)
    {
        Table table = new Table().RoundedBorder().AddColumn(new TableColumn("node").NoWrap());
        foreach (string column in (string[])["contacts", "keys", "peers", "in", "out", "dropped"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (NetworkNode node in own.Networks)
        {
            Add(table, $"{node.Network} {Short(node.Endpoints)}", [node.Status]);
        }

        foreach (Devnet devnet in devnets)
        {
            IReadOnlyList<NetworkNode> running = devnet.Running;
            if (running.Count > 0)
            {
                Add(table, $"{running.Count} others of {devnet.Network}", [.. running.Select(node => node.Status)]);
            }
        }

        return table.Caption($"{own.PacketsLastSecond} of {own.PacketBudget} packets a second ({own.Profile.ToString().ToLowerInvariant()})");
    }

    private static void Add(Table table, string name, IReadOnlyList<NetworkStatus> nodes) => table.AddRow(
        Markup.Escape(name),
        Number(nodes.Sum(node => node.Contacts)),
        Number(nodes[0].Keys is null ? null : nodes.Sum(node => node.Keys)),
        Number(nodes[0].Peers is null ? null : nodes.Sum(node => node.Peers)),
        Number(nodes.Sum(node => node.Received)),
        Number(nodes.Sum(node => node.Sent)),
        Number(nodes.Sum(node => node.Dropped)));

    // A peer's id would take the whole line.
    private static string Short(IReadOnlyList<string> endpoints) => endpoints.Count == 0 ? "" : endpoints[0].Split("/p2p/")[0];

    private static string Number(long? count) => count?.ToString("N0", CultureInfo.InvariantCulture) ?? "";
}
