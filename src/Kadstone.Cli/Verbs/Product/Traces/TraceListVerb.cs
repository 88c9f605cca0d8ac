using System.CommandLine;
using System.Globalization;
using Kadstone.Cli.Verbs.Product.Embedding;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Traces;

/// <summary><c>dht trace ls</c>: the lookups that are remembered, newest first.</summary>
internal sealed class TraceListVerb : DaemonVerb
{
    private readonly Option<string?> _network = NetworkArguments.Option();

    internal TraceListVerb(Terminal terminal)
        : base(terminal, "ls", "Lists the lookups that the daemon remembers, newest first.", "dht trace ls", "dht trace ls --network ipfs") => Add(_network);

    protected override EmbeddedUse Embedded => EmbeddedUse.WhenAsked;

    protected override IReadOnlyList<string> Networks(ParseResult arguments) => arguments.GetValue(_network) is string one ? [one] : NetworkArguments.All;

    protected override async Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        LookupsAnswer lookups = await daemon.GetAsync("/v1/lookups?limit=1000", DaemonClient.Json.LookupsAnswer, cancellationToken);
        string? network = arguments.GetValue(_network);
        LookupSummary[] listed = [.. lookups.Lookups.Where(lookup => network is null || lookup.Network == network)];
        foreach (LookupSummary lookup in listed)
        {
            output.Write(
                string.Create(CultureInfo.InvariantCulture, $"{lookup.Id} {lookup.Network} {lookup.Kind} {lookup.Target} {lookup.State} {lookup.Milliseconds:0.#}ms {lookup.Answers}/{lookup.Requests} answers {Counted.Of(lookup.Hops, "hop")} {lookup.Found} found"),
                json => Trace.Write(json, lookup));
        }

        return listed.Length > 0
            ? ExitCode.Found
            : throw new CommandFailedException(ExitCode.NothingFound, $"the daemon remembers no lookup{(network is null ? "" : $" in {network}")}.");
    }
}
