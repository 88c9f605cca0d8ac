using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records gc</c>: removes what has expired from a store.</summary>
internal sealed class RecordsSweepVerb : RecordsVerb
{
    internal RecordsSweepVerb(Terminal terminal)
        : base(
            terminal,
            "gc",
            "Removes what has expired from a store that no daemon has open; a daemon does so by itself.",
            "dht records gc --store sqlite:/var/lib/kadstone/node.sqlite",
            "dht records gc --data /var/lib/kadstone")
    {
    }

    protected override async Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int removed = await records.SweepAsync(cancellationToken);
        output.Write($"removed {removed}", json => json.WriteNumber("removed", removed));
        return ExitCode.Found;
    }
}
