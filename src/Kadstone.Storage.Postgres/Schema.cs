using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>Makes the tables where there are none, and refuses those that are not ours to write.</summary>
internal static class Schema
{
    private const int MaxTries = 5;

    public static async Task PrepareAsync(Database database, CancellationToken cancellationToken)
    {
        bool mayLock = true;
        for (int attempt = 1; ; attempt++)
        {
            // An operator may have made the tables and given us no right to make any: look first.
            if (await database.RunAsync(ReadVersionAsync, cancellationToken).ConfigureAwait(false) is int version)
            {
                Check(database, version);
                break;
            }

            try
            {
                bool locks = mayLock;
                _ = await database.RunAsync((connection, token) => CreateAsync(connection, locks, token), cancellationToken).ConfigureAwait(false);
            }
            catch (StoreUnavailableException exception) when (attempt < MaxTries && exception.InnerException is PostgresException inner
                && (SqlFailure.IsDefinedMeanwhile(inner) || (mayLock && SqlFailure.HasNoSuchLock(inner))))
            {
                mayLock &= !SqlFailure.HasNoSuchLock(inner);
            }
        }

        // Tables of the same name with other columns are found here and not by the first put.
        _ = await database.RunAsync(ProbeAsync, cancellationToken).ConfigureAwait(false);
    }

    private static void Check(Database database, int version)
    {
        if (version > Sql.SchemaVersion)
        {
            throw new StoreUnavailableException(
                StoreFailure.NewerSchema,
                $"The store {database.Name} has schema {version}; this version of Kadstone knows up to {Sql.SchemaVersion}. Use the newer version, or another database.");
        }
    }

    /// <returns>Null where the table, or its row, is not there.</returns>
    private static async Task<int?> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            using NpgsqlCommand command = connection.Command(Sql.ReadVersion);
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as int?;
        }
        catch (PostgresException exception) when (SqlFailure.IsUndefinedTable(exception))
        {
            return null;
        }
    }

    private static async Task<bool> CreateAsync(NpgsqlConnection connection, bool mayLock, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable transactionLifetime = transaction.ConfigureAwait(false);
        SqlStatement[] statements = [Sql.CreateRecords, Sql.CreateExpiry, Sql.CreateSchema, Sql.WriteVersion];
        foreach (SqlStatement statement in mayLock ? statements.Prepend(Sql.LockDefinition) : statements)
        {
            using NpgsqlCommand command = connection.Command(statement);
            _ = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task<bool> ProbeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand find = connection.Command(Sql.Find, Commands.Parameter(Array.Empty<byte[]>()));
        _ = await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        using NpgsqlCommand get = connection.Command(Sql.Get, Commands.Parameter(Array.Empty<byte>()), Commands.Parameter(Shelf.None), Commands.Parameter(0L));
        _ = await get.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }
}
