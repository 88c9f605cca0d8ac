using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>Removes single records, and the expired one time window after the other.</summary>
internal sealed class Remover(Totals totals)
{
    /// <returns>Whether the record was there and had not expired.</returns>
    public async Task<bool> DeleteAsync(NpgsqlConnection connection, Shelf shelf, byte[] key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using NpgsqlCommand delete = connection.Command(Sql.Delete, Commands.Parameter(key), Commands.Parameter(shelf));
        NpgsqlDataReader reader = await delete.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        totals.Add(shelf, Totals.SliceOf(key), -1, -Totals.RecordBytes(key.Length, reader.GetInt32(1)));
        return reader.Time(0) > now;
    }

    /// <summary>Removes the expired of one shelf between <paramref name="from"/> and <paramref name="now"/>, about <see cref="Sql.WindowRecords"/> of them.</summary>
    public async Task<SweptWindow> SweepAsync(NpgsqlConnection connection, Shelf shelf, long from, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long to = now.UtcTicks;
        using NpgsqlCommand find = connection.Command(Sql.FindWindow, Commands.Parameter(shelf), Commands.Parameter(from), Commands.Parameter(to));
        bool isLast = true;
        if (await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long end)
        {
            to = end;
            isLast = false;
        }

        using NpgsqlCommand delete = connection.Command(Sql.DeleteWindow, Commands.Parameter(shelf), Commands.Parameter(from), Commands.Parameter(to));
        List<(int Slice, long Bytes)> removed = [];
        NpgsqlDataReader reader = await delete.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                byte[] key = reader.Bytes(0);
                removed.Add((Totals.SliceOf(key), Totals.RecordBytes(key.Length, reader.GetInt32(1))));
            }
        }

        foreach ((int slice, long bytes) in removed)
        {
            totals.Add(shelf, slice, -1, -bytes);
        }

        return new SweptWindow(removed.Count, isLast, to);
    }

    /// <summary>Removes some of the expired, those of <paramref name="first"/> before those of other shelves; false when there are none.</summary>
    public async Task<bool> MakeRoomAsync(NpgsqlConnection connection, Shelf first, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (Shelf shelf in totals.Shelves.OrderBy(shelf => shelf != first))
        {
            SweptWindow window = await SweepAsync(connection, shelf, long.MinValue, now, cancellationToken).ConfigureAwait(false);
            if (window.Removed > 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What a window held, and where the next begins.</summary>
internal readonly record struct SweptWindow(int Removed, bool IsLast, long End);
