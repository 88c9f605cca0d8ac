using SQLitePCL;

namespace Kadstone.Storage.Sqlite;

/// <summary>A prepared statement. Bind, step until false, reset; parameters count from 1 and columns from 0, as in SQLite.</summary>
internal sealed class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    public void Bind(int parameter, long value) => connection.Check(raw.sqlite3_bind_int64(handle, parameter, value));

    public void Bind(int parameter, ReadOnlySpan<byte> value) =>
        // A span without bytes has no address, which SQLite takes for NULL.
        connection.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, parameter, 0) : raw.sqlite3_bind_blob(handle, parameter, value));

    public bool Step()
    {
        int code = raw.sqlite3_step(handle);
        connection.Check(code);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        _ = Step();
        Reset();
    }

    public long Number(int column) => raw.sqlite3_column_int64(handle, column);

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public DateTimeOffset Time(int column) => new(Number(column), TimeSpan.Zero);

    // The result repeats the error of the step before, which was reported then.
    public void Reset() => _ = raw.sqlite3_reset(handle);

    public void Dispose() => handle.Dispose();
}
