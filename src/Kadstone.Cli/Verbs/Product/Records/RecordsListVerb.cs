using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records ls</c>: a record a line.</summary>
internal sealed class RecordsListVerb : RecordsVerb
{
    private readonly Option<string?> _shelf = Shelf();
    private readonly Option<int?> _limit = CommonOptions.Create("--limit", "N", "Stop after so many. Default 100.", Keys.Count);

    internal RecordsListVerb(Terminal terminal)
        : base(
            terminal,
            "ls",
            "Lists records: shelf, key, length, version, expiry.",
            "dht records ls",
            "dht records ls --shelf mainline-mutable --limit 1000",
            "dht records ls --store sqlite:/var/lib/kadstone/node.sqlite -o json")
    {
        Add(_shelf);
        Add(_limit);
    }

    protected override async Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int limit = arguments.GetValue(_limit) ?? 100;
        int listed = 0;
        await foreach (ListedRecord record in records.ListAsync(arguments.GetValue(_shelf), null, cancellationToken))
        {
            if (listed++ == limit)
            {
                Terminal.Complain($"dht: there are more than {limit}; --limit says how many are listed, 'dht records count' how many there are.");
                break;
            }

            output.Write(record.ToString(), record.Write);
        }

        return listed > 0 ? ExitCode.Found : throw new CommandFailedException(Cli.ExitCode.NothingFound, "no record is stored.");
    }
}
