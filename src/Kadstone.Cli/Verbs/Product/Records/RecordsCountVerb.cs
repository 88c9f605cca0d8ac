using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records count</c>: how many each shelf holds.</summary>
internal sealed class RecordsCountVerb : RecordsVerb
{
    internal RecordsCountVerb(Terminal terminal)
        : base(terminal, "count", "Says how many records each shelf holds.", "dht records count", "dht records count --store 'postgres:Host=db;Username=kadstone' -o json")
    {
    }

    protected override async Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        foreach ((string shelf, long count) in await records.CountAsync(cancellationToken))
        {
            output.Write($"{shelf} {count}", json =>
            {
                json.WriteString("shelf", shelf);
                json.WriteNumber("count", count);
            });
        }

        return ExitCode.Found;
    }
}
