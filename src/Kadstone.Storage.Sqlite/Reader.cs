namespace Kadstone.Storage.Sqlite;

/// <summary>One connection that reads. It opens itself when it is first asked, and anew after an error.</summary>
internal sealed class Reader(string path, SqliteStoreOptions options) : IDisposable
{
    private Connection? _connection;
    private Statement? _get;
    private Statement? _list;

    public StoredRecord? Get(Shelf shelf, ReadOnlySpan<byte> key, DateTimeOffset now)
    {
        try
        {
            _get ??= Open().Prepare("SELECT value, sequence, expires, stored FROM leased_records WHERE shelf = ?1 AND key = ?2 AND expires > ?3");
            _get.Bind(1, (long)shelf);
            _get.Bind(2, key);
            _get.Bind(3, now.UtcTicks);
            StoredRecord? record = _get.Step() ? ReadRecord(_get, 0) : null;
            _get.Reset();
            return record;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public List<KeyedRecord> List(Shelf shelf, ReadOnlyMemory<byte>? afterKey, DateTimeOffset now, int limit)
    {
        try
        {
            _list ??= Open().Prepare("""
                SELECT key, value, sequence, expires, stored FROM leased_records
                WHERE shelf = ?1 AND key >= ?2 AND (key > ?2 OR ?3) AND expires > ?4 ORDER BY key LIMIT ?5
                """);
            _list.Bind(1, (long)shelf);
            _list.Bind(2, (afterKey ?? default).Span);
            _list.Bind(3, afterKey is null ? 1 : 0);
            _list.Bind(4, now.UtcTicks);
            _list.Bind(5, limit);
            List<KeyedRecord> page = [];
            while (_list.Step())
            {
                page.Add(new KeyedRecord(_list.Bytes(0).ToArray(), ReadRecord(_list, 1)));
            }

            _list.Reset();
            return page;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
        _get = null;
        _list = null;
    }

    private Connection Open() => _connection ??= StoreFile.OpenReader(path, options);

    private static StoredRecord ReadRecord(Statement row, int column) =>
        new(row.Bytes(column).ToArray(), row.Number(column + 1), row.Time(column + 2), row.Time(column + 3));
}
