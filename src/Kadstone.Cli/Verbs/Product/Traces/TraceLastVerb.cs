using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs.Product.Embedding;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;

namespace Kadstone.Cli.Verbs.Product.Traces;

/// <summary><c>dht trace last</c>: the newest lookup, step by step.</summary>
internal sealed class TraceLastVerb : DaemonVerb
{
    private readonly Option<string?> _network = NetworkArguments.Option();
    private readonly Option<string?> _kind = CommonOptions.Create("--kind", "WORD", "Only a lookup of this kind, as 'dht trace ls' lists them: get_peers, find_node and others.", Kind);

    internal TraceLastVerb(Terminal terminal)
        : base(
            terminal,
            "last",
            "Shows the newest lookup that has ended: when each contact was asked and answered, hops, distance, round trips, why it ended.",
            "dht trace last",
            "dht trace last --network mainline --kind get_peers",
            "dht trace last -o json")
    {
        Add(_network);
        Add(_kind);
    }

    protected override EmbeddedUse Embedded => EmbeddedUse.WhenAsked;

    protected override IReadOnlyList<string> Networks(ParseResult arguments) => arguments.GetValue(_network) is string one ? [one] : NetworkArguments.All;

    protected override async Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        LookupsAnswer lookups = await daemon.GetAsync("/v1/lookups?limit=1000", DaemonClient.Json.LookupsAnswer, cancellationToken);
        string? network = arguments.GetValue(_network);
        string? kind = arguments.GetValue(_kind);
        LookupSummary[] wanted = [.. lookups.Lookups.Where(lookup => (network is null || lookup.Network == network) && (kind is null || lookup.Kind == kind))];

        // Upkeep runs at any time: what has an end says more.
        LookupSummary last = wanted.FirstOrDefault(lookup => lookup.State != LookupTrail.Running) ?? wanted.FirstOrDefault()
            ?? throw new CommandFailedException(ExitCode.NothingFound, $"the daemon remembers no lookup{(network is null ? "" : $" in {network}")}{(kind is null ? "" : $" of the kind {kind}")}; 'dht trace ls' lists what it remembers.");
        return await Trace.ShowAsync(daemon, last.Id, Terminal, output, cancellationToken);
    }

    private static string? Kind(string text) => text.Length is > 0 and <= 64 ? text : throw new FormatException("is no kind of lookup; a word such as get_peers is expected");
}
