using System.CommandLine;
using System.Globalization;
using Kadstone.Cli.Verbs.Product.Embedding;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product;

/// <summary><c>dht size</c>: how many nodes the networks have, as the daemon's lookups tell.</summary>
internal sealed class SizeVerb : DaemonVerb
{
    private readonly Argument<string?> _network = NetworkArguments.Argument();

    internal SizeVerb(Terminal terminal)
        : base(
            terminal,
            "size",
            "Says how many nodes each network has: an estimate from how near to their targets the daemon's lookups end, with its standard deviation where that is known. Without a daemon it embeds a node.",
            "dht size",
            "dht size mainline -o json",
            "dht size mainline --embed") =>
        Add(_network);

    protected override EmbeddedUse Embedded => EmbeddedUse.WhenAlone;

    protected override IReadOnlyList<string> Networks(ParseResult arguments) => arguments.GetValue(_network) is string one ? [one] : NetworkArguments.All;

    protected override async Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        StatusAnswer status = await daemon.GetAsync("/v1/status", DaemonClient.Json.StatusAnswer, cancellationToken);
        string? only = arguments.GetValue(_network);
        NetworkAnswer[] networks = [.. status.Networks.Where(network => only is null || network.Name == only)];
        if (networks.Length == 0)
        {
            throw new CommandFailedException(ExitCode.NothingFound, $"{only} does not run in this daemon; {string.Join(", ", status.Networks.Select(network => network.Name))} does.");
        }

        foreach (NetworkAnswer network in networks)
        {
            output.Write(Describe(network), json =>
            {
                json.WriteString("network", network.Name);
                json.WriteOptional("nodes", network.EstimatedNodes);
                json.WriteOptional("deviation", network.EstimatedDeviation);
                json.WriteNumber("contacts", network.Contacts);
            });
        }

        return networks.Any(network => network.EstimatedNodes is not null)
            ? ExitCode.Found
            : throw new CommandFailedException(ExitCode.NothingFound, "no network has an estimate yet; it comes of lookups.");
    }

    private static string Describe(NetworkAnswer network) => (network.EstimatedNodes, network.EstimatedDeviation) switch
    {
        (double nodes, double deviation) => string.Create(CultureInfo.InvariantCulture, $"{network.Name} {StatusVerb.Rounded(nodes)} ± {StatusVerb.Rounded(deviation)} nodes"),
        (double nodes, null) => $"{network.Name} about {StatusVerb.Rounded(nodes)} nodes",
        _ => $"{network.Name} no estimate, {Counted.Of(network.Contacts, "contact")}",
    };
}
