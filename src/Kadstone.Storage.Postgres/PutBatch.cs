using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>Puts that share a commit: read what stands under their keys, decide by <see cref="PutRule"/>, write what is new on condition that nobody else did.</summary>
/// <remarks>
/// The row that a put decides by is named by its revision, and the write replaces that revision or nothing. What another head was faster with is
/// read and decided again. A batch whose commit was not answered is read again too: the rows that carry its revision had been stored.
/// </remarks>
internal sealed class PutBatch
{
    private const int MaxFindKeys = 512;
    private const int MaxRounds = 64;

    private readonly Database _database;
    private readonly PostgresStoreOptions _options;
    private readonly Totals _totals;
    private readonly Remover _remover;
    private readonly Counter _counter;
    private readonly TimeProvider _timeProvider;
    private readonly IReadOnlyList<PutRequest> _requests;
    private readonly List<PutSlot> _slots = [];
    private readonly long _revision = Random.Shared.NextInt64(1, long.MaxValue);

    public PutBatch(IReadOnlyList<PutRequest> requests, Database database, PostgresStoreOptions options, Totals totals, Remover remover, Counter counter, TimeProvider timeProvider)
    {
        _requests = requests;
        _database = database;
        _options = options;
        _totals = totals;
        _remover = remover;
        _counter = counter;
        _timeProvider = timeProvider;

        // In the order of (key, shelf), in which every head locks rows: batches that overlap wait for each other and never in a circle.
        (PutRequest Request, int Index)[] puts = [.. requests.SelectMany(request => request.Puts.Select((_, index) => (request, index)))];
        int[] order = [.. Enumerable.Range(0, puts.Length)];
        Array.Sort(order, (left, right) =>
        {
            int places = Compare(PutOf(left).Key.Span, PutOf(left).Shelf, PutOf(right).Key.Span, PutOf(right).Shelf);
            return places != 0 ? places : left.CompareTo(right);
        });

        foreach (int i in order)
        {
            RecordPut put = PutOf(i);
            if (_slots.Count == 0 || Compare(_slots[^1].Key, _slots[^1].Shelf, put.Key.Span, put.Shelf) != 0)
            {
                _slots.Add(new PutSlot(put.Shelf, put.Key.ToArray()));
            }

            _slots[^1].Add(puts[i].Request, puts[i].Index);
        }

        RecordPut PutOf(int i) => puts[i].Request.Puts[puts[i].Index];
    }

    /// <summary>Whose puts these are.</summary>
    public IReadOnlyList<PutRequest> Requests => _requests;

    /// <summary>Whether expired records were removed for it: what others had read of them before is not so any more.</summary>
    public bool MadeRoom { get; private set; }

    /// <summary>Reads what stands under its keys while <paramref name="before"/> is written, but for keys that are in both.</summary>
    public async Task ReadAheadAsync(PutBatch before, CancellationToken cancellationToken)
    {
        List<PutSlot> ahead = Without(before._slots);
        _ = await _database.RunAsync(
            async (connection, token) =>
            {
                await FindAsync(connection, ahead, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        ahead.ForEach(slot => slot.KeepRead());
    }

    /// <summary>Has everything read again.</summary>
    public void Forget() => _slots.ForEach(slot => slot.Forget());

    /// <summary>Settles all puts: each has a result, or its request a failure.</summary>
    public Task RunAsync() => SettleAsync(_slots, _timeProvider.GetTimestamp());

    private List<PutSlot> Without(List<PutSlot> others)
    {
        List<PutSlot> own = new(_slots.Count);
        int other = 0;
        foreach (PutSlot slot in _slots)
        {
            int order = -1;
            while (other < others.Count && (order = Compare(slot.Key, slot.Shelf, others[other].Key, others[other].Shelf)) > 0)
            {
                other++;
            }

            if (other == others.Count || order != 0)
            {
                own.Add(slot);
            }
        }

        return own;
    }

    private async Task SettleAsync(List<PutSlot> slots, long begun)
    {
        List<PutSlot> open = [.. slots];
        try
        {
            _ = await _database.RunAsync((connection, token) => TrySettleAsync(connection, open, token), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreUnavailableException failure)
        {
            if (open.Count > 1 && SqlFailure.IsPartUnreachable(failure.InnerException) && _timeProvider.GetElapsedTime(begun) < _options.Patience)
            {
                // One machine of several is away, and only the keys that it holds fail.
                await SettleAsync(open[..(open.Count / 2)], begun).ConfigureAwait(false);
                await SettleAsync(open[(open.Count / 2)..], begun).ConfigureAwait(false);
                return;
            }

            foreach (PutSlot slot in open)
            {
                slot.Fail(failure);
                _counter.Doubt(Totals.SliceOf(slot.Key));
            }
        }
    }

    /// <summary>Takes out of <paramref name="open"/> what is settled; run again after a failure, it goes on with the rest.</summary>
    private async Task<bool> TrySettleAsync(NpgsqlConnection connection, List<PutSlot> open, CancellationToken cancellationToken)
    {
        bool mayMakeRoom = true;
        for (int round = 0; open.Count > 0; round++)
        {
            if (round == MaxRounds)
            {
                throw new StoreUnavailableException(StoreFailure.Locked, $"The store {_database.Name} is locked by others: they were faster {MaxRounds} times.");
            }

            await FindAsync(connection, open.FindAll(slot => !slot.TakeReadAhead()), cancellationToken).ConfigureAwait(false);
            Settle(open, slot => slot.IsWrittenAs(_revision));
            DateTimeOffset now = _timeProvider.GetUtcNow();
            PutSlot? full = Decide(open, now);
            if (full is not null && mayMakeRoom)
            {
                // Then all is read again: the expired record under one of these very keys may have gone with the others.
                mayMakeRoom = round < MaxRounds / 2 && await _remover.MakeRoomAsync(connection, full.Shelf, now, cancellationToken).ConfigureAwait(false);
                if (mayMakeRoom)
                {
                    MadeRoom = true;
                    continue;
                }
            }

            Settle(open, slot => slot.Next is null);
            if (open.Count > 0)
            {
                open.ForEach(slot => slot.Send());
                HashSet<PutSlot> written = await WriteAsync(connection, open, cancellationToken).ConfigureAwait(false);
                Settle(open, written.Contains);
            }
        }

        return true;
    }

    private void Settle(List<PutSlot> open, Predicate<PutSlot> isSettled) => open.RemoveAll(slot =>
    {
        if (!isSettled(slot))
        {
            return false;
        }

        if (slot.Sent is (int records, long bytes))
        {
            _totals.Add(slot.Shelf, Totals.SliceOf(slot.Key), records, bytes);
        }

        return true;
    });

    /// <returns>The first slot that found no room.</returns>
    private PutSlot? Decide(List<PutSlot> open, DateTimeOffset now)
    {
        PutSlot? full = null;
        Dictionary<Shelf, long> grown = [];
        long grownBytes = 0;
        foreach (PutSlot slot in open)
        {
            long records = grown.GetValueOrDefault(slot.Shelf);
            Room room = new(_options.MaxRecordsPerShelf - _totals.CountOf(slot.Shelf) - records, _options.MaxBytes - _totals.Bytes - grownBytes);
            if (slot.Apply(room, now))
            {
                full ??= slot;
            }

            grown[slot.Shelf] = records + slot.Growth.Records;
            grownBytes += slot.Growth.Bytes;
        }

        return full;
    }

    private static async Task FindAsync(NpgsqlConnection connection, List<PutSlot> open, CancellationToken cancellationToken)
    {
        open.ForEach(slot => slot.Forget());
        foreach (PutSlot[] part in open.Chunk(MaxFindKeys))
        {
            byte[][] keys = [.. part.Where((slot, i) => i == 0 || !slot.Key.AsSpan().SequenceEqual(part[i - 1].Key)).Select(slot => slot.Key)];
            using NpgsqlCommand command = connection.Command(Sql.Find, Commands.Parameter(keys));
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                // Another shelf may have a record under the same key.
                int slot = IndexOf(part, reader.Bytes(0), (Shelf)reader.GetInt16(1));
                if (slot >= 0)
                {
                    part[slot].Read(reader.Bytes(2), reader.GetInt64(3), reader.Time(4), reader.GetInt64(5), reader.GetInt64(6));
                }
            }
        }
    }

    private async Task<HashSet<PutSlot>> WriteAsync(NpgsqlConnection connection, List<PutSlot> open, CancellationToken cancellationToken)
    {
        PutSlot[] slots = [.. open];
        using NpgsqlBatch batch = new(connection);
        for (int start = 0; start < slots.Length;)
        {
            (SqlStatement statement, int rows) = Sql.Upsert(slots.Length - start);
            NpgsqlBatchCommand command = new(statement.Text);
            foreach (PutSlot slot in slots.AsSpan(start, rows))
            {
                AddRow(command.Parameters, slot);
            }

            batch.BatchCommands.Add(command);
            start += rows;
        }

        // One statement is a transaction of its own, and one round trip fewer.
        if (batch.BatchCommands.Count == 1)
        {
            return await WriteAsync(batch, slots, cancellationToken).ConfigureAwait(false);
        }

        // The driver's batch alone is atomic on one server and not on several; and one commit is one wait for the disk.
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable transactionLifetime = transaction.ConfigureAwait(false);
        batch.Transaction = transaction;
        HashSet<PutSlot> written = await WriteAsync(batch, slots, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return written;
    }

    private static async Task<HashSet<PutSlot>> WriteAsync(NpgsqlBatch batch, PutSlot[] slots, CancellationToken cancellationToken)
    {
        HashSet<PutSlot> written = [];
        NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerLifetime = reader.ConfigureAwait(false);
        do
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                _ = written.Add(slots[IndexOf(slots, reader.Bytes(0), (Shelf)reader.GetInt16(1))]);
            }
        }
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false));

        return written;
    }

    private void AddRow(NpgsqlParameterCollection parameters, PutSlot slot)
    {
        StoredRecord record = slot.Next ?? throw new InvalidOperationException("Nothing is to be written.");
        _ = parameters.Add(Commands.Parameter(slot.Key));
        _ = parameters.Add(Commands.Parameter(slot.Shelf));
        _ = parameters.Add(Commands.Parameter(record.Value));
        _ = parameters.Add(Commands.Parameter(record.Sequence));
        _ = parameters.Add(Commands.Parameter(record.Expires));
        _ = parameters.Add(Commands.Parameter(record.StoredAt));
        _ = parameters.Add(Commands.Parameter(_revision));
        _ = parameters.Add(Commands.Parameter(slot.Replaces));
    }

    private static int IndexOf(ReadOnlySpan<PutSlot> slots, byte[] key, Shelf shelf)
    {
        int low = 0;
        int high = slots.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = Compare(slots[middle].Key, slots[middle].Shelf, key, shelf);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private static int Compare(ReadOnlySpan<byte> leftKey, Shelf left, ReadOnlySpan<byte> rightKey, Shelf right)
    {
        int keys = leftKey.SequenceCompareTo(rightKey);
        return keys != 0 ? keys : left.CompareTo(right);
    }
}
