using Kadstone.Cli.Parsing;
using Kadstone.Storage;
using Kadstone.Storage.Postgres;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Cli;

/// <summary>Opens the store that the user chose.</summary>
internal static class Stores
{
    /// <returns>Null for the node's own memory store.</returns>
    internal static async Task<IRecordStore?> OpenAsync(StoreChoice choice, CancellationToken cancellationToken)
    {
        if (choice.PostgresConnection is string connection)
        {
            return await OpenPostgresAsync(connection, cancellationToken);
        }

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

    private static async Task<IRecordStore> OpenPostgresAsync(string connection, CancellationToken cancellationToken)
    {
        try
        {
            return await PostgresRecordStore.OpenAsync(connection, cancellationToken: cancellationToken);
        }
        catch (Exception exception) when (exception is StoreUnavailableException or ArgumentException)
        {
            // The connection string may hold a password: it is not said again.
            throw CommandFailedException.Usage($"--store postgres: cannot be opened: {Failure.OneLine(exception.Message)}");
        }
    }
}
