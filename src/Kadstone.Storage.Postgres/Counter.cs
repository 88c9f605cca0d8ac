using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>Fills <see cref="Totals"/> from the tables.</summary>
internal sealed class Counter(Database database, Totals totals)
{
    // Above every key that a store takes, and behind the last slice.
    private static readonly byte[] s_end = [.. Enumerable.Repeat(byte.MaxValue, RecordLimits.MaxKeyLength + 1)];

    /// <summary>What failed writes left in doubt; these go first.</summary>
    private readonly SortedSet<int> _doubtful = [];
    private int _next;

    public bool HasDoubts => _doubtful.Count > 0;

    public void Doubt(int slice) => _ = _doubtful.Add(slice);

    /// <summary>One pass over the whole table, at the start.</summary>
    public async Task CountAllAsync(CancellationToken cancellationToken)
    {
        List<Row> rows = await database.RunAsync(ReadAllAsync, cancellationToken).ConfigureAwait(false);
        foreach (Row row in rows)
        {
            Add(row);
        }
    }

    public async Task CountNextSliceAsync()
    {
        int slice = _doubtful.Count > 0 ? _doubtful.Min : _next;
        List<Row> rows = await database.RunAsync((connection, token) => ReadSliceAsync(connection, slice, token), CancellationToken.None).ConfigureAwait(false);
        totals.Clear(slice);
        foreach (Row row in rows)
        {
            Add(row);
        }

        if (!_doubtful.Remove(slice))
        {
            _next = (_next + 1) % Totals.Slices;
        }
    }

    private void Add(Row row) =>
        totals.Add(row.Shelf, row.Slice, row.Records, row.Bytes + (row.Records * PostgresRecordStore.RecordOverhead));

    private static async Task<List<Row>> ReadAllAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand command = connection.Command(Sql.CountAll);

        // The only statement that takes longer the larger the store: 50 ms a million records.
        command.CommandTimeout = 300;
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        List<Row> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows.Add(new Row((Shelf)reader.GetInt16(0), Totals.SliceOf(reader.Bytes(1)), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return rows;
    }

    private static async Task<List<Row>> ReadSliceAsync(NpgsqlConnection connection, int slice, CancellationToken cancellationToken)
    {
        byte[] from = slice == 0 ? [] : [(byte)slice];
        byte[] to = slice == Totals.Slices - 1 ? s_end : [(byte)(slice + 1)];
        using NpgsqlCommand command = connection.Command(Sql.CountSlice, Commands.Parameter(from), Commands.Parameter(to));
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        List<Row> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows.Add(new Row((Shelf)reader.GetInt16(0), slice, reader.GetInt64(1), reader.GetInt64(2)));
        }

        return rows;
    }

    private readonly record struct Row(Shelf Shelf, int Slice, long Records, long Bytes);
}
