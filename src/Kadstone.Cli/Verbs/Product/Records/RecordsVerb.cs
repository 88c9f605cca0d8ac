using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Daemon.V1;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary>A verb that reads records: of the daemon that runs, of a store that is named, or of the data folder's while no daemon runs in it.</summary>
internal abstract class RecordsVerb : Verb
{
    private const string UsualStore = "node.sqlite";

    private readonly DaemonOptions _daemon;
    private readonly Option<StoreChoice?> _store = CommonOptions.Create(
        "--store", "sqlite:FILE|postgres:CONNECTION", "A store to read itself, while no daemon has it open. Default: the daemon's, or node.sqlite of the data folder where none runs.", Store);

    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected RecordsVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        _daemon = new DaemonOptions(this);
        Add(_store);
        Add(_format);
    }

    protected abstract Task<int> ReadAsync(RecordSource records, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected static Option<string?> Shelf() => CommonOptions.Create("--shelf", "SHELF", $"Only this shelf: {string.Join(", ", ShelfNames.All.Select(ShelfNames.Of))}.", ShelfName);

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using RecordSource records = await OpenAsync(arguments, cancellationToken);
        return await ReadAsync(records, arguments, new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json), cancellationToken);
    }

    private async Task<RecordSource> OpenAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        StoreChoice? choice = arguments.GetValue(_store);
        if (choice is null)
        {
            if (_daemon.Find(arguments, out string why) is DaemonClient daemon)
            {
                return new DaemonRecords(daemon);
            }

            string? file = _daemon.Folder(arguments) is string folder ? Path.Combine(folder, UsualStore) : null;
            choice = File.Exists(file)
                ? new StoreChoice(file)
                : throw new CommandFailedException(ExitCode.NoNetwork, $"{why.TrimEnd('.')}; --store reads a store itself.");
        }
        else if (choice.SqlitePath is string path && !File.Exists(path))
        {
            // Opening would make an empty one.
            throw CommandFailedException.Usage($"--store sqlite:{path} cannot be opened: the file is not there.");
        }

        return await Stores.OpenAsync(choice, cancellationToken) is { } store
            ? new StoreRecords(store)
            : throw CommandFailedException.Usage("--store memory cannot be read: it is another process' own.");
    }

    private static StoreChoice? Store(string text) => Choices.Store(text) is { } choice && choice != new StoreChoice(null)
        ? choice
        : throw new FormatException("is not allowed; sqlite:FILE or postgres:CONNECTION is expected");

    private static string? ShelfName(string text) =>
        ShelfNames.TryRead(text, out _) ? text : throw new FormatException($"is no shelf; {string.Join(", ", ShelfNames.All.Select(ShelfNames.Of))} are");
}
