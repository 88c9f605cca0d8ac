using SQLitePCL;

namespace Kadstone.Storage.Sqlite;

/// <summary>One connection to the file. Not safe for concurrent use: one writer or one reader owns it.</summary>
internal sealed class Connection : IDisposable
{
    private readonly string _path;
    private readonly sqlite3 _handle;
    private readonly List<Statement> _statements = [];

    private Connection(string path, sqlite3 handle)
    {
        _path = path;
        _handle = handle;
    }

    /// <summary>Opens the file, or makes an empty one.</summary>
    public static Connection Open(string path, TimeSpan busyTimeout)
    {
        SqliteLibrary.EnsureLoaded();
        int code = raw.sqlite3_open_v2(path, out sqlite3 handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        Connection connection = new(path, handle);
        try
        {
            connection.Check(code);
            connection.Check(raw.sqlite3_extended_result_codes(handle, 1));
            connection.Check(raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements without results or parameters.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>A prepared statement that lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt handle));
        Statement statement = new(this, handle);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>The first column of the first row as a number.</summary>
    public long QueryNumber(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_handle, sql, out sqlite3_stmt handle));
        using Statement statement = new(this, handle);
        return statement.Step() ? statement.Number(0) : 0;
    }

    /// <summary>Undoes an open transaction. Some errors have done so already; and if even this fails, closing does it.</summary>
    public void RollBackIfOpen()
    {
        foreach (Statement statement in _statements)
        {
            statement.Reset();
        }

        if (raw.sqlite3_get_autocommit(_handle) == 0)
        {
            _ = raw.sqlite3_exec(_handle, "ROLLBACK");
        }
    }

    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw Failure(code, _handle.IsInvalid ? "" : $": {raw.sqlite3_errmsg(_handle).utf8_to_string()}");
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in _statements)
        {
            statement.Dispose();
        }

        _handle.Dispose();
    }

    private StoreUnavailableException Failure(int code, string detail)
    {
        // https://www.sqlite.org/rescode.html. Shared memory that cannot grow is a full disk too, only SQLite does not say so.
        const int SharedMemorySize = raw.SQLITE_IOERR | (19 << 8);
        (StoreFailure reason, string text) = (code, code & 0xff) switch
        {
            (SharedMemorySize, _) or (_, raw.SQLITE_FULL) => (StoreFailure.DiskFull, "has no room: the disk is full"),
            (_, raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL) => (StoreFailure.Locked, "is locked by another process"),
            (_, raw.SQLITE_READONLY or raw.SQLITE_PERM) => (StoreFailure.ReadOnly, "cannot be written"),
            (_, raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB) => (StoreFailure.Corrupt, "is damaged or no SQLite file"),
            (_, raw.SQLITE_CANTOPEN) => (StoreFailure.Io, "cannot be opened"),
            _ => (StoreFailure.Io, "failed"),
        };
        return new StoreUnavailableException(reason, $"The store {_path} {text} (SQLite {code}{detail}).");
    }
}
