using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records export</c>: all records as JSON lines.</summary>
internal sealed class RecordsExportVerb : RecordsVerb
{
    private readonly Option<string?> _shelf = Shelf();

    internal RecordsExportVerb(Terminal terminal)
        : base(
            terminal,
            "export",
            "Writes all records as JSON, one a line, whatever -o says; with their values (base64) where the store is read and not the daemon asked.",
            "dht records export > records.jsonl",
            "dht records export --shelf ipfs-values --store sqlite:/var/lib/kadstone/node.sqlite") =>
        Add(_shelf);

    protected override async Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        await foreach (ListedRecord record in records.ListAsync(arguments.GetValue(_shelf), null, cancellationToken))
        {
            output.WriteJson(record.Write);
        }

        return ExitCode.Found;
    }
}
