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
        _find = connection.Prepare("SELECT id, sequence, expires, value FROM records WHERE shelf = ?1 AND key = ?2");
        _insert = connection.Prepare("INSERT INTO records(shelf, key, value, sequence, expires, stored) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _update = connection.Prepare("UPDATE records SET value = ?3, sequence = ?4, expires = ?5, stored = ?6 WHERE id = ?1");
        _delete = connection.Prepare("DELETE FROM records WHERE id = ?1");
        _findExpired = connection.Prepare("SELECT id, length(key), length(value) FROM records INDEXED BY records_expires WHERE shelf = ?1 AND expires <= ?2 ORDER BY expires LIMIT ?3");
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
        PutResult result = PutRule.OnEmpty(record, _now);
        long? id = Find(put.Shelf, key);
        long oldBytes = 0;
        if (id is not null)
        {
            ReadOnlySpan<byte> value = _find.Bytes(3);
            oldBytes = StoreFile.RecordBytes(key.Length, value.Length);
            if (_find.Time(2) > _now)
            {
                result = PutRule.OnStored(_find.Number(1), value, record, put.ExpectedSequence, _now);
            }
        }

        _find.Reset();
        if (result != PutResult.Stored)
        {
            return result;
        }

        Totals totals = TotalsOf(put.Shelf);
        long newBytes = StoreFile.RecordBytes(key.Length, record.Value.Length);
        if (!HasRoom(totals, id is not null, newBytes - oldBytes))
        {
            MakeRoom(put.Shelf, totals, id is not null, newBytes - oldBytes);

            // An expired record under this very key may have gone with the others.
            id = Find(put.Shelf, key);
            _find.Reset();
            oldBytes = id is null ? 0 : oldBytes;
            if (!HasRoom(totals, id is not null, newBytes - oldBytes))
            {
                return PutResult.Full;
            }
        }

        Statement write = id is null ? _insert : _update;
        write.Bind(1, id ?? (long)put.Shelf);
        if (id is null)
        {
            write.Bind(2, key);
        }

        write.Bind(3, record.Value.Span);
        write.Bind(4, record.Sequence);
        write.Bind(5, record.Expires.UtcTicks);
        write.Bind(6, record.StoredAt.UtcTicks);
        write.Run();
        Count(totals, id is null ? 1 : 0, newBytes - oldBytes);
        return PutResult.Stored;
    }

    public bool Delete(Shelf shelf, ReadOnlySpan<byte> key)
    {
        if (Find(shelf, key) is not long id)
        {
            _find.Reset();
            return false;
        }

        bool isVisible = _find.Time(2) > _now;
        int valueLength = _find.Bytes(3).Length;
        _find.Reset();
        Remove(shelf, id, key.Length, valueLength);
        return isVisible;
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

    /// <summary>Stands on the record's row afterwards, if there is one: read it, then reset.</summary>
    private long? Find(Shelf shelf, ReadOnlySpan<byte> key)
    {
        _find.Bind(1, (long)shelf);
        _find.Bind(2, key);
        return _find.Step() ? _find.Number(0) : null;
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

        List<(long Id, int KeyLength, int ValueLength)> expired = [];
        _findExpired.Bind(1, (long)shelf);
        _findExpired.Bind(2, now.UtcTicks);
        _findExpired.Bind(3, atMost);
        while (_findExpired.Step())
        {
            expired.Add((_findExpired.Number(0), (int)_findExpired.Number(1), (int)_findExpired.Number(2)));
        }

        _findExpired.Reset();
        foreach ((long id, int keyLength, int valueLength) in expired)
        {
            Remove(shelf, id, keyLength, valueLength);
        }

        return expired.Count;
    }

    private void Remove(Shelf shelf, long id, int keyLength, int valueLength)
    {
        _delete.Bind(1, id);
        _delete.Run();
        Count(TotalsOf(shelf), -1, -StoreFile.RecordBytes(keyLength, valueLength));
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
