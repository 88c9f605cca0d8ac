using System.Buffers.Binary;

namespace Kadstone.Storage.Sqlite;

/// <summary>The stored format: the tables, their version, and how a connection is set up.</summary>
internal static class StoreFile
{
    /// <summary>PRAGMA user_version. A change of the tables raises it and brings a step in <see cref="Prepare"/>.</summary>
    public const int SchemaVersion = 2;

    public const int PageBytes = 4096;

    private const int ApplicationId = 0x4B414453; // "KADS"
    private const int HeaderLength = 100;

    // Rows in order of arrival and two slim indexes: keys are hashes, and a table ordered by them (WITHOUT ROWID) would rewrite a
    // page of values for each put; measured, that doubles the work of a batch, and for values of 1 KB makes it four times as much.
    // A refresh keeps the value and writes a lease, a hundred of which share a page: refreshing at random would else write a page each.
    // A lease counts while its sequence is not below its record's, so a new value, whose sequence is higher, ends it without touching it.
    // For the same reason `due` is no expiry but when a sweep looks at the record next: at its expiry or before. A refresh leaves it.
    // The totals stand beside them because counting a million rows at every start would take longer than the start.
    private const string Tables = """
        CREATE TABLE records(
            id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
            sequence INTEGER NOT NULL, expires INTEGER NOT NULL, stored INTEGER NOT NULL, due INTEGER NOT NULL);
        CREATE UNIQUE INDEX records_key ON records(shelf, key);
        CREATE TABLE shelves(shelf INTEGER PRIMARY KEY, records INTEGER NOT NULL, bytes INTEGER NOT NULL);
        """;

    private const string Leases = """
        CREATE INDEX records_due ON records(shelf, due);
        CREATE TABLE leases(
            id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, expires INTEGER NOT NULL, stored INTEGER NOT NULL);
        CREATE VIEW leased_records AS
            SELECT r.id, shelf, key, value, due, coalesce(l.sequence, r.sequence) AS sequence,
                coalesce(l.expires, r.expires) AS expires, coalesce(l.stored, r.stored) AS stored
            FROM records r LEFT JOIN leases l ON l.id = r.id AND l.sequence >= r.sequence;
        """;

    // Schema 1 had an index of the expiry and no leases, and counted a record's bytes without them.
    private const string FromSchema1 = """
        DROP INDEX records_expires;
        ALTER TABLE records ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
        UPDATE records SET due = expires;
        UPDATE shelves SET bytes = (SELECT total((2 * length(key) + length(value) + 124) * 3 / 2) FROM records WHERE records.shelf = shelves.shelf);
        """;

    /// <summary>Opens the writer's connection: makes the tables in a new file, refuses what is not ours.</summary>
    public static Connection Prepare(string path, SqliteStoreOptions options)
    {
        CheckHeader(path);
        Connection connection = Connection.Open(path, options.BusyTimeout);
        try
        {
            connection.Execute($"PRAGMA page_size = {PageBytes}");
            long version = connection.QueryNumber("PRAGMA user_version");
            if (version < SchemaVersion)
            {
                // Before write-ahead logging is on: version and tables reach the file itself, where the next start's CheckHeader reads them.
                string before = version == 0 ? Tables : FromSchema1;
                connection.Execute($"BEGIN IMMEDIATE; {before} {Leases} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion}; COMMIT");
            }

            // A page that is written many times goes from the log to the file once a checkpoint: the longer the log, the fewer times.
            long logBytes = Math.Min(options.MaxFileBytes / 8, 128 << 20);
            connection.Execute($"""
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                PRAGMA secure_delete = OFF;
                PRAGMA cache_size = -65536;
                PRAGMA wal_autocheckpoint = {logBytes / PageBytes};
                PRAGMA journal_size_limit = {logBytes};
                """);
            return connection;
        }
        catch
        {
            connection.RollBackIfOpen();
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a reader's connection to a prepared file.</summary>
    public static Connection OpenReader(string path, SqliteStoreOptions options)
    {
        Connection connection = Connection.Open(path, options.BusyTimeout);
        connection.Execute("PRAGMA query_only = ON");
        return connection;
    }

    /// <summary>What a record takes of <see cref="SqliteStoreOptions.MaxFileBytes"/>.</summary>
    public static long RecordBytes(int keyLength, int valueLength)
    {
        // The row, its lines in records_key and records_due, and a lease.
        const int Overhead = 48 + 16 + 24 + 36;
        int bytes = keyLength + valueLength + keyLength + Overhead;
        return bytes * 3L / 2;
    }

    /// <summary>Reads version and owner from the file's first bytes, so that a file that is not ours is not touched: SQLite writes even when it only opens.</summary>
    private static void CheckHeader(string path)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        int length;
        try
        {
            // For writing too, although nothing is written here: SQLite does not tell a read-only disk from a missing folder.
            using FileStream file = Open(path, FileAccess.ReadWrite);
            length = file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false);
        }
        catch (FileNotFoundException)
        {
            return;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CanRead(path)
                ? new StoreUnavailableException(StoreFailure.ReadOnly, $"The store {path} cannot be written: {exception.Message}", exception)
                : new StoreUnavailableException(StoreFailure.Io, $"The store {path} cannot be opened: {exception.Message}", exception);
        }

        if (length == 0)
        {
            return;
        }

        // https://www.sqlite.org/fileformat2.html, "The Database Header": magic at 0, user version at 60, application id at 68.
        if (length < HeaderLength || !header.StartsWith("SQLite format 3\0"u8))
        {
            throw new StoreUnavailableException(StoreFailure.Corrupt, $"The store {path} is damaged or no SQLite file.");
        }

        if (BinaryPrimitives.ReadInt32BigEndian(header[68..]) != ApplicationId)
        {
            throw new StoreUnavailableException(StoreFailure.Corrupt, $"The file {path} is an SQLite file, but no store of Kadstone's.");
        }

        int version = BinaryPrimitives.ReadInt32BigEndian(header[60..]);
        if (version > SchemaVersion)
        {
            throw new StoreUnavailableException(
                StoreFailure.NewerSchema,
                $"The store {path} has schema {version}; this version of Kadstone knows up to {SchemaVersion}. Use the newer version, or another file.");
        }
    }

    private static bool CanRead(string path)
    {
        try
        {
            using FileStream file = Open(path, FileAccess.Read);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static FileStream Open(string path, FileAccess access) => new(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
}
