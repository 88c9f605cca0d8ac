using Kadstone.Cli.Parsing;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Cli;

/// <summary>Opens the store that the user chose.</summary>
internal static class Stores
{
    /// <returns>Null for the node's own memory store.</returns>
    internal static async Task<IRecordStore?> OpenAsync(StoreChoice choice, CancellationToken cancellationToken)
    {
        if (choice.SqlitePath is null)
        {
            return null;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(choice.SqlitePath)) ?? "/";
        if (!Directory.Exists(folder))
        {
            throw CommandFailedException.Usage($"--store sqlite:{choice.SqlitePath} cannot be opened: the folder {folder} is not there.");
        }

        try
        {
            return await SqliteRecordStore.OpenAsync(choice.SqlitePath, cancellationToken: cancellationToken);
        }
        catch (StoreUnavailableException exception)
        {
            throw CommandFailedException.Usage($"--store sqlite:{choice.SqlitePath} cannot be opened: {Failure.OneLine(exception.Message)}");
        }
    }
}
