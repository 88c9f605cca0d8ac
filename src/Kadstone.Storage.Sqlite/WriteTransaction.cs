namespace Kadstone.Storage.Sqlite;

/// <summary>The writer's connection with its prepared statements, and the totals of the transaction that is open on it.</summary>
internal sealed class WriteTransaction : IDisposable
{
    /// <summary>How many refreshed records one transaction postpones while it looks for expired ones to make room.</summary>
    public const int MaxPostponed = 16 * SweepRequest.PartSize;

    private readonly Connection _connection;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _find;
    private readonly Statement _insert;
    private readonly Statement _replace;
    private readonly Statement _refresh;
    private readonly Statement _setDue;
    private readonly Statement _delete;
    private readonly Statement _deleteLease;
    private readonly Statement _findDue;
    private readonly Statement _readTotals;
    private readonly Statement _writeTotals;
    private readonly Dictionary<Shelf, Totals> _totals = [];
    private long _bytes;
    private int _postponed;
    private DateTimeOffset _now;

    public WriteTransaction(Connection connection, SqliteStoreOptions options, TimeProvider timeProvider)
    {
        _connection = connection;
        _options = options;
        _timeProvider = timeProvider;

        // Immediate: the totals and records that are read stay true until the commit, whoever else has the file open.
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _find = connection.Prepare("SELECT id, sequence, expires, value, due FROM leased_records WHERE shelf = ?1 AND key = ?2");
        _insert = connection.Prepare("INSERT INTO records(sequence, expires, stored, value, shelf, key, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?2)");
        _replace = connection.Prepare("UPDATE records SET sequence = ?1, expires = ?2, stored = ?3, value = ?4 WHERE id = ?5");
        _refresh = connection.Prepare("INSERT INTO leases(sequence, expires, stored, id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET sequence = ?1, expires = ?2, stored = ?3");
        _setDue = connection.Prepare("UPDATE records SET due = ?1 WHERE id = ?2");
        _delete = connection.Prepare("DELETE FROM records WHERE id = ?1");
        _deleteLease = connection.Prepare("DELETE FROM leases WHERE id = ?1");
        _findDue = connection.Prepare("""
            SELECT id, expires, length(key), length(value) FROM leased_records WHERE shelf = ?1 AND due <= ?2 ORDER BY due LIMIT ?3
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
        _postponed = 0;
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
        Found? old = null;
        if (Find(put.Shelf, key))
        {
            old = ReadFound(key.Length, record);
            if (!old.Value.IsExpired)
            {
                result = PutRule.OnStored(_find.Number(1), _find.Bytes(3), record, put.ExpectedSequence, _now);
            }
        }

        _find.Reset();
        if (result != PutResult.Stored)
        {
            return result;
        }

        Totals totals = TotalsOf(put.Shelf);
        long newBytes = StoreFile.RecordBytes(key.Length, record.Value.Length);
        if (!HasRoom(totals, old is not null, newBytes - (old?.Bytes ?? 0)))
        {
            MakeRoom(put.Shelf, totals, old is not null, newBytes - (old?.Bytes ?? 0));

            // The record under this very key may have gone or been postponed with the others.
            old = Find(put.Shelf, key) ? ReadFound(key.Length, record) : null;
            _find.Reset();
            if (!HasRoom(totals, old is not null, newBytes - (old?.Bytes ?? 0)))
            {
                return PutResult.Full;
            }
        }

        if (old is Found found)
        {
            Update(found, record);
        }
        else
        {
            Insert(put.Shelf, key, record);
        }

        Count(totals, old is null ? 1 : 0, newBytes - (old?.Bytes ?? 0));
        return PutResult.Stored;
    }

    public bool Delete(Shelf shelf, ReadOnlySpan<byte> key)
    {
        if (!Find(shelf, key))
        {
            _find.Reset();
            return false;
        }

        long id = _find.Number(0);
        bool isVisible = _find.Time(2) > _now;
        int valueLength = _find.Bytes(3).Length;
        _find.Reset();
        Remove(shelf, id, key.Length, valueLength);
        return isVisible;
    }

    /// <summary>Looks at so many of the records that are due: removes the expired, postpones those that were refreshed.</summary>
    public SweptPart Sweep(DateTimeOffset now, int atMost)
    {
        SweptPart part = default;
        foreach (Shelf shelf in _totals.Keys)
        {
            part += Sweep(shelf, now, atMost - part.Seen);
        }

        return part;
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
    private bool Find(Shelf shelf, ReadOnlySpan<byte> key)
    {
        _find.Bind(1, (long)shelf);
        _find.Bind(2, key);
        return _find.Step();
    }

    private Found ReadFound(int keyLength, StoredRecord next)
    {
        ReadOnlySpan<byte> value = _find.Bytes(3);
        long bytes = StoreFile.RecordBytes(keyLength, value.Length);
        return new Found(_find.Number(0), _find.Number(4), bytes, IsExpired: _find.Time(2) <= _now, HasSameValue: value.SequenceEqual(next.Value.Span));
    }

    private void Insert(Shelf shelf, ReadOnlySpan<byte> key, StoredRecord record)
    {
        BindLease(_insert, record);
        _insert.Bind(4, record.Value.Span);
        _insert.Bind(5, (long)shelf);
        _insert.Bind(6, key);
        _insert.Run();
    }

    private void Update(Found old, StoredRecord record)
    {
        if (old.HasSameValue && !old.IsExpired)
        {
            BindLease(_refresh, record);
            _refresh.Bind(4, old.Id);
            _refresh.Run();
        }
        else
        {
            BindLease(_replace, record);
            _replace.Bind(4, record.Value.Span);
            _replace.Bind(5, old.Id);
            _replace.Run();
            if (old.IsExpired)
            {
                // Its sequence may be anything, and its lease would count again.
                DeleteLease(old.Id);
            }
        }

        if (record.Expires.UtcTicks < old.Due)
        {
            SetDue(old.Id, record.Expires.UtcTicks);
        }
    }

    private static void BindLease(Statement statement, StoredRecord record)
    {
        statement.Bind(1, record.Sequence);
        statement.Bind(2, record.Expires.UtcTicks);
        statement.Bind(3, record.StoredAt.UtcTicks);
    }

    private void DeleteLease(long id)
    {
        _deleteLease.Bind(1, id);
        _deleteLease.Run();
    }

    private void SetDue(long id, long ticks)
    {
        _setDue.Bind(1, ticks);
        _setDue.Bind(2, id);
        _setDue.Run();
    }

    private bool HasRoom(Totals totals, bool exists, long growth) =>
        (exists || totals.Records < _options.MaxRecordsPerShelf) && (growth <= 0 || _bytes + growth <= _options.MaxFileBytes);

    private void MakeRoom(Shelf shelf, Totals totals, bool exists, long growth)
    {
        // Bounded: a million refreshed records may be due, and others wait for this commit. The next transaction goes on from here.
        bool sawAny = true;
        while (sawAny && _postponed < MaxPostponed && !HasRoom(totals, exists, growth))
        {
            sawAny = Sweep(shelf, _now, SweepRequest.PartSize).Seen > 0 || Sweep(_now, SweepRequest.PartSize).Seen > 0;
        }
    }

    private SweptPart Sweep(Shelf shelf, DateTimeOffset now, int atMost)
    {
        if (atMost == 0)
        {
            return default;
        }

        List<(long Id, long Expires, int KeyLength, int ValueLength)> due = [];
        _findDue.Bind(1, (long)shelf);
        _findDue.Bind(2, now.UtcTicks);
        _findDue.Bind(3, atMost);
        while (_findDue.Step())
        {
            due.Add((_findDue.Number(0), _findDue.Number(1), (int)_findDue.Number(2), (int)_findDue.Number(3)));
        }

        _findDue.Reset();
        int removed = 0;
        foreach ((long id, long expires, int keyLength, int valueLength) in due)
        {
            if (expires <= now.UtcTicks)
            {
                Remove(shelf, id, keyLength, valueLength);
                removed++;
            }
            else
            {
                SetDue(id, expires);
                _postponed++;
            }
        }

        return new SweptPart(due.Count, removed);
    }

    private void Remove(Shelf shelf, long id, int keyLength, int valueLength)
    {
        _delete.Bind(1, id);
        _delete.Run();
        DeleteLease(id);
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

    private readonly record struct Found(long Id, long Due, long Bytes, bool IsExpired, bool HasSameValue);

    private sealed class Totals
    {
        public long Records { get; set; }

        public long Bytes { get; set; }

        public bool IsChanged { get; set; }
    }
}
