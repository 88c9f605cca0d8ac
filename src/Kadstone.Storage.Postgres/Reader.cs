using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>What is read without the writer: any connection will do.</summary>
internal static class Reader
{
    public static async Task<StoredRecord?> GetAsync(NpgsqlConnection connection, Shelf shelf, byte[] key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = connection.Command(Sql.Get, Commands.Parameter(key), Commands.Parameter(shelf), Commands.Parameter(now));
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? ReadRecord(reader, 0) : null;
    }

    public static async Task<IReadOnlyList<KeyedRecord>> ListAsync(
        NpgsqlConnection connection, Shelf shelf, byte[]? afterKey, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = connection.Command(
            Sql.List,
            Commands.Parameter(shelf),
            Commands.Parameter(afterKey ?? []),
            Commands.Parameter(afterKey is null),
            Commands.Parameter(now),
            Commands.Parameter(limit));
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        List<KeyedRecord> page = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            page.Add(new KeyedRecord(reader.Bytes(0), ReadRecord(reader, 1)));
        }

        return page;
    }

    private static StoredRecord ReadRecord(NpgsqlDataReader row, int column) =>
        new(row.Bytes(column), row.GetInt64(column + 1), row.Time(column + 2), row.Time(column + 3));
}
