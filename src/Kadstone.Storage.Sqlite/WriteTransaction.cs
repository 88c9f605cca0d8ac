namespace Kadstone.Storage.Sqlite;

/// <summary>The writer's connection with its prepared statements, and the totals of the transaction that is open on it.</summary>
internal sealed class WriteTransaction : IDisposable
{
    private readonly Connection _connection;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _find;
    private readonly Statement _insert;
    private readonly Statement _update;
    private readonly Statement _delete;
    private readonly Statement _findExpired;
    private readonly Statement _readTotals;
    private readonly Statement _writeTotals;
    private readonly Dictionary<Shelf, Totals> _totals = [];
    private long _bytes;
    private DateTimeOffset _now;

    public WriteTransaction(Connection connection, SqliteStoreOptions options, TimeProvider timeProvider)
    {
        _connection = connection;
        _options = options;
        _timeProvider = timeProvider;

        // Immediate: the totals and records that are read stay true until the commit, whoever else has the file open.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _find = connection.Prepare("SELECT sequence, expires, value FROM records WHERE shelf = ?1 AND key = ?2");
        _insert = connection.Prepare("INSERT INTO records(shelf, key, value, sequence, expires, stored) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _update = connection.Prepare("UPDATE records SET value = ?3, sequence = ?4, expires = ?5, stored = ?6 WHERE shelf = ?1 AND key = ?2");
        _delete = connection.Prepare("DELETE FROM records WHERE shelf = ?1 AND key = ?2");
        _findExpired = connection.Prepare("""
            SELECT r.key, length(r.value) FROM records AS r
            WHERE r.shelf = ?1 AND r.key IN (SELECT key FROM records INDEXED BY records_expires WHERE shelf = ?1 AND expires <= ?2 ORDER BY expires LIMIT ?3)
            """);
        _readTotals = connection.Prepare("SELECT shelf, records, bytes FROM shelves");
        _writeTotals = connection.Prepare("INSERT INTO shelves(shelf, records, bytes) VALUES (?1, ?2, ?3) ON CONFLICT(shelf) DO UPDATE SET records = ?2, bytes = ?3");
    }

    /// <summary>The records of each shelf, as of the open or the last transaction.</summary>
    public IEnumerable<(Shelf Shelf, long Records)> Counts => _totals.Select(totals => (totals.Key, totals.Value.Records));

    public void Begin()
    {
        _begin.Run();
        _now = _timeProvider.GetUtcNow();
        _totals.Clear();
        _bytes = 0;
        while (_readTotals.Step())
        {
            Totals totals = new() { Records = _readTotals.Number(1), Bytes = _readTotals.Number(2) };
            _totals.Add((Shelf)_readTotals.Number(0), totals);
            _bytes += totals.Bytes;
        }

        _readTotals.Reset();
    }

    public PutResult Put(in RecordPut put)
    {
        ReadOnlySpan<byte> key = put.Key.Span;
        StoredRecord record = put.Record;
        bool exists = Find(put.Shelf, key, out long sequence, out DateTimeOffset expires, out ReadOnlySpan<byte> value);
        long oldBytes = exists ? StoreFile.RecordBytes(key.Length, value.Length) : 0;
        PutResult result = exists && expires > _now
            ? PutRule.OnStored(sequence, value, record, put.ExpectedSequence, _now)
            : PutRule.OnEmpty(record, _now);
        _find.Reset();
        if (result != PutResult.Stored)
        {
            return result;
        }

        Totals totals = TotalsOf(put.Shelf);
        long newBytes = StoreFile.RecordBytes(key.Length, record.Value.Length);
        if (!HasRoom(totals, exists, newBytes - oldBytes))
        {
            MakeRoom(put.Shelf, totals, exists, newBytes - oldBytes);

            // An expired record under this very key may have gone with the others.
            exists = Find(put.Shelf, key, out _, out _, out _);
            _find.Reset();
            oldBytes = exists ? oldBytes : 0;
            if (!HasRoom(totals, exists, newBytes - oldBytes))
            {
                return PutResult.Full;
            }
        }

        Statement write = exists ? _update : _insert;
        write.Bind(1, (long)put.Shelf);
        write.Bind(2, key);
        write.Bind(3, record.Value.Span);
        write.Bind(4, record.Sequence);
        write.Bind(5, record.Expires.UtcTicks);
        write.Bind(6, record.StoredAt.UtcTicks);
        write.Run();
        Count(totals, exists ? 0 : 1, newBytes - oldBytes);
        return PutResult.Stored;
    }

    public bool Delete(Shelf shelf, ReadOnlySpan<byte> key)
    {
        bool exists = Find(shelf, key, out _, out DateTimeOffset expires, out ReadOnlySpan<byte> value);
        int valueLength = value.Length;
        _find.Reset();
        if (!exists)
        {
            return false;
        }

        Remove(shelf, key, valueLength);
        return expires > _now;
    }

    public int Sweep(DateTimeOffset now, int atMost)
    {
        int removed = 0;
        foreach (Shelf shelf in _totals.Keys)
        {
            removed += Sweep(shelf, now, atMost - removed);
        }

        return removed;
    }

    public void Commit()
    {
        foreach ((Shelf shelf, Totals totals) in _totals)
        {
            if (totals.IsChanged)
            {
                _writeTotals.Bind(1, (long)shelf);
                _writeTotals.Bind(2, totals.Records);
                _writeTotals.Bind(3, totals.Bytes);
                _writeTotals.Run();
            }
        }

        _commit.Run();
    }

    public void RollBackIfOpen() => _connection.RollBackIfOpen();

    public void Dispose() => _connection.Dispose();

    private bool Find(Shelf shelf, ReadOnlySpan<byte> key, out long sequence, out DateTimeOffset expires, out ReadOnlySpan<byte> value)
    {
        _find.Bind(1, (long)shelf);
        _find.Bind(2, key);
        bool exists = _find.Step();
        sequence = exists ? _find.Number(0) : 0;
        expires = exists ? _find.Time(1) : default;
        value = exists ? _find.Bytes(2) : default;
        return exists;
    }

    private bool HasRoom(Totals totals, bool exists, long growth) =>
        (exists || totals.Records < _options.MaxRecordsPerShelf) && (growth <= 0 || _bytes + growth <= _options.MaxFileBytes);

    private void MakeRoom(Shelf shelf, Totals totals, bool exists, long growth)
    {
        bool removedAny = true;
        while (removedAny && !HasRoom(totals, exists, growth))
        {
            removedAny = Sweep(shelf, _now, SweepRequest.PartSize) > 0 || Sweep(_now, SweepRequest.PartSize) > 0;
        }
    }

    private int Sweep(Shelf shelf, DateTimeOffset now, int atMost)
    {
        if (atMost == 0)
        {
            return 0;
        }

        List<(byte[] Key, int ValueLength)> expired = [];
        _findExpired.Bind(1, (long)shelf);
        _findExpired.Bind(2, now.UtcTicks);
        _findExpired.Bind(3, atMost);
        while (_findExpired.Step())
        {
            expired.Add((_findExpired.Bytes(0).ToArray(), (int)_findExpired.Number(1)));
        }

        _findExpired.Reset();
        foreach ((byte[] key, int valueLength) in expired)
        {
            Remove(shelf, key, valueLength);
        }

        return expired.Count;
    }

    private void Remove(Shelf shelf, ReadOnlySpan<byte> key, int valueLength)
    {
        _delete.Bind(1, (long)shelf);
        _delete.Bind(2, key);
        _delete.Run();
        Count(TotalsOf(shelf), -1, -StoreFile.RecordBytes(key.Length, valueLength));
    }

    private void Count(Totals totals, int records, long bytes)
    {
        totals.Records += records;
        totals.Bytes += bytes;
        totals.IsChanged |= records != 0 || bytes != 0;
        _bytes += bytes;
    }

    private Totals TotalsOf(Shelf shelf)
    {
        if (!_totals.TryGetValue(shelf, out Totals? totals))
        {
            _totals.Add(shelf, totals = new Totals());
        }

        return totals;
    }

    private sealed class Totals
    {
        public long Records { get; set; }

        public long Bytes { get; set; }

        public bool IsChanged { get; set; }
    }
}
