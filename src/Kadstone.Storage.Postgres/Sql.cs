using System.Globalization;
using System.Text;

namespace Kadstone.Storage.Postgres;

/// <summary>The catalogue: every statement of this store stands here and nowhere else, so that a test can read them all.</summary>
/// <remarks>
/// Each runs alike on one PostgreSQL 15 and on engines that spread a table over machines by a hash of <c>key</c>. Hence: primary keys
/// contain <c>key</c>; no sequence, trigger, row lock, system column, clock or chance of the server; what was changed is known by RETURNING and not
/// by a count; a batch is multi-row VALUES in the order of (key, shelf), the order in which everybody locks rows.
/// </remarks>
internal static class Sql
{
    /// <summary>The version of the tables. A change of them raises it and brings a step in <see cref="Schema"/>.</summary>
    public const int SchemaVersion = 1;

    /// <summary>The most rows of one upsert: 4,096 of the 65,535 parameters that the protocol counts.</summary>
    public const int MaxUpsertRows = 512;

    /// <summary>How many due records a sweep takes for one time window.</summary>
    public const int WindowRecords = 1000;

    // Times are ticks of UTC: timestamptz keeps microseconds and cannot hold DateTimeOffset.MaxValue.
    // A write names the revision that it replaces (0: none), so that one statement inserts, replaces and refuses, row by row.
    public static readonly SqlStatement CreateRecords = new(nameof(CreateRecords), Route.Definition, """
        CREATE TABLE IF NOT EXISTS kadstone_records(
            key bytea NOT NULL, shelf smallint NOT NULL, value bytea NOT NULL, sequence bigint NOT NULL,
            expires bigint NOT NULL, stored bigint NOT NULL, revision bigint NOT NULL, replaced bigint NOT NULL,
            PRIMARY KEY (key, shelf))
        """);

    public static readonly SqlStatement CreateExpiry = new(nameof(CreateExpiry), Route.Definition, """
        CREATE INDEX IF NOT EXISTS kadstone_records_expires ON kadstone_records(shelf, expires)
        """);

    public static readonly SqlStatement CreateSchema = new(nameof(CreateSchema), Route.Definition, """
        CREATE TABLE IF NOT EXISTS kadstone_schema(id smallint PRIMARY KEY, version integer NOT NULL)
        """);

    public static readonly SqlStatement WriteVersion = new(nameof(WriteVersion), Route.Definition, """
        INSERT INTO kadstone_schema(id, version) VALUES (1, 1) ON CONFLICT (id) DO NOTHING
        """);

    // Only for the first start of several heads at once, and only where the engine has such locks: IF NOT EXISTS holds without it.
    public static readonly SqlStatement LockDefinition = new(nameof(LockDefinition), Route.Definition, """
        SELECT pg_advisory_xact_lock(5422645)
        """);

    public static readonly SqlStatement ReadVersion = new(nameof(ReadVersion), Route.Definition, """
        SELECT version FROM kadstone_schema WHERE id = 1
        """);

    public static readonly SqlStatement Get = new(nameof(Get), Route.OneKey, """
        SELECT value, sequence, expires, stored FROM kadstone_records WHERE key = $1 AND shelf = $2 AND expires > $3
        """);

    public static readonly SqlStatement Delete = new(nameof(Delete), Route.OneKey, """
        DELETE FROM kadstone_records WHERE key = $1 AND shelf = $2 RETURNING expires, octet_length(value)
        """);

    public static readonly SqlStatement Find = new(nameof(Find), Route.KeyList, """
        SELECT key, shelf, value, sequence, expires, revision, replaced FROM kadstone_records WHERE key = ANY($1)
        """);

    public static readonly SqlStatement List = new(nameof(List), Route.FanOut, """
        SELECT key, value, sequence, expires, stored FROM kadstone_records
        WHERE shelf = $1 AND key >= $2 AND (key > $2 OR $3) AND expires > $4 ORDER BY key LIMIT $5
        """);

    // A window has a lower end as well: without it each part of a sweep would walk over the dead of the parts before.
    public static readonly SqlStatement FindWindow = new(nameof(FindWindow), Route.FanOut, $"""
        SELECT expires FROM kadstone_records WHERE shelf = $1 AND expires >= $2 AND expires <= $3
        ORDER BY expires LIMIT 1 OFFSET {WindowRecords - 1}
        """);

    public static readonly SqlStatement DeleteWindow = new(nameof(DeleteWindow), Route.FanOut, """
        DELETE FROM kadstone_records WHERE shelf = $1 AND expires >= $2 AND expires <= $3 RETURNING key, octet_length(value)
        """);

    public static readonly SqlStatement CountSlice = new(nameof(CountSlice), Route.FanOut, """
        SELECT shelf, count(*), sum(octet_length(key) + octet_length(value))::bigint FROM kadstone_records
        WHERE key >= $1 AND key < $2 GROUP BY shelf
        """);

    public static readonly SqlStatement CountAll = new(nameof(CountAll), Route.FanOut, """
        SELECT shelf, substring(key FROM 1 FOR 1), count(*), sum(octet_length(key) + octet_length(value))::bigint
        FROM kadstone_records GROUP BY shelf, substring(key FROM 1 FOR 1)
        """);

    private static readonly SqlStatement[] s_upserts = [.. Sizes().Select(CreateUpsert)];

    /// <summary>All of the catalogue.</summary>
    public static IReadOnlyList<SqlStatement> All { get; } =
    [
        LockDefinition, CreateRecords, CreateExpiry, CreateSchema, WriteVersion, ReadVersion,
        Get, Delete, Find, List, FindWindow, DeleteWindow, CountSlice, CountAll, .. s_upserts,
    ];

    /// <summary>The largest upsert of at most so many rows. Sizes are powers of two: few texts, which stay prepared.</summary>
    public static (SqlStatement Statement, int Rows) Upsert(int atMost)
    {
        int power = Math.Min(int.Log2(atMost), s_upserts.Length - 1);
        return (s_upserts[power], 1 << power);
    }

    private static IEnumerable<int> Sizes()
    {
        for (int rows = 1; rows <= MaxUpsertRows; rows *= 2)
        {
            yield return rows;
        }
    }

    private static SqlStatement CreateUpsert(int rows)
    {
        StringBuilder text = new("INSERT INTO kadstone_records(key, shelf, value, sequence, expires, stored, revision, replaced) VALUES ");
        for (int row = 0; row < rows; row++)
        {
            _ = text.Append(row == 0 ? "(" : ", (");
            for (int column = 1; column <= 8; column++)
            {
                _ = text.Append(column == 1 ? "$" : ", $").Append(((row * 8) + column).ToString(CultureInfo.InvariantCulture));
            }

            _ = text.Append(')');
        }

        _ = text.Append("""

            ON CONFLICT (key, shelf) DO UPDATE SET value = excluded.value, sequence = excluded.sequence, expires = excluded.expires,
                stored = excluded.stored, revision = excluded.revision, replaced = excluded.replaced
            WHERE kadstone_records.revision = excluded.replaced RETURNING key, shelf
            """);
        return new SqlStatement($"Upsert{rows}", rows == 1 ? Route.OneKey : Route.KeyList, text.ToString());
    }
}

/// <summary>Where a statement goes in a table that is spread by its key.</summary>
internal enum Route
{
    /// <summary>No route: makes or reads the tables' definition, once at the start.</summary>
    Definition,

    /// <summary>To the part that holds one key.</summary>
    OneKey,

    /// <summary>To the parts that hold some keys.</summary>
    KeyList,

    /// <summary>To all parts: sweeps, listings and counts, which nobody's answer waits for but who asked for just that.</summary>
    FanOut,
}

/// <summary>A statement with its route.</summary>
internal sealed record SqlStatement(string Name, Route Route, string Text);
