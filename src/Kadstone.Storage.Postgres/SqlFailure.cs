using System.Net.Sockets;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>What an error of the server or of the way to it means. Decided by SqlState alone: engines that spread tables lose the rest.</summary>
internal static class SqlFailure
{
    private const string UndefinedTable = "42P01";
    private const string UndefinedFunction = "42883";
    private const string NotSupported = "0A000";
    private const string PartUnreachable = "08006";

    /// <summary>Whether it is one of the driver's; anything else is a mistake of ours.</summary>
    public static bool IsOne(Exception exception) => exception is NpgsqlException or TimeoutException or SocketException or IOException;

    /// <summary>Whether the same again may succeed at once. All that this store sends may be repeated.</summary>
    public static bool MayPass(Exception exception) => exception switch
    {
        // Conflicts (serialization, deadlock, lock), a server that stops, starts or dropped the session, and 40003, "result is ambiguous".
        PostgresException { SqlState: "40001" or "40P01" or "40003" or "55P03" or "57P01" or "57P02" or "57P03" or "08000" or "08001" or "08003" } => true,
        PostgresException => false,
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException => IsGone(exception),
        _ => false,
    };

    /// <summary>Whether connections that were made before may be dead.</summary>
    public static bool IsGone(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState is "57P01" or "57P02" or "57P03",
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException => true,
        _ => false,
    };

    /// <summary>Whether a living server says that it cannot reach the part of a table that a statement needs: other keys may do.</summary>
    public static bool IsPartUnreachable(Exception? exception) => exception is PostgresException { SqlState: PartUnreachable };

    public static bool IsUndefinedTable(Exception exception) => exception is PostgresException { SqlState: UndefinedTable };

    public static bool HasNoSuchLock(PostgresException exception) => exception.SqlState is UndefinedFunction or NotSupported;

    /// <summary>Whether another head made the same table, index or row a moment before.</summary>
    public static bool IsDefinedMeanwhile(PostgresException exception) => exception.SqlState is "42P07" or "42710" or "23505" or "40001" or "40P01";

    public static StoreUnavailableException Describe(string store, Exception exception)
    {
        (StoreFailure reason, string text) = exception switch
        {
            PostgresException postgres => Describe(postgres.SqlState),
            TimeoutException or { InnerException: TimeoutException } => (StoreFailure.Slow, "gave no answer in time"),
            _ => (StoreFailure.Io, "cannot be reached"),
        };
        string detail = exception is PostgresException { SqlState: var state, MessageText: var message } ? $"{state}: {message}" : exception.Message;
        return new StoreUnavailableException(reason, $"The store {store} {text} ({detail}).", exception);
    }

    // https://www.postgresql.org/docs/15/errcodes-appendix.html
    private static (StoreFailure Reason, string Text) Describe(string state) => state switch
    {
        "53100" => (StoreFailure.DiskFull, "has no room: the server's disk is full"),
        "53300" or "53400" => (StoreFailure.Overloaded, "has no connection left"),
        "40001" or "40P01" or "55P03" => (StoreFailure.Locked, "is locked by others"),
        "57014" => (StoreFailure.Slow, "gave no answer in time"),
        "25006" or "42501" => (StoreFailure.ReadOnly, "cannot be written"),
        "XX001" or "XX002" => (StoreFailure.Corrupt, "is damaged"),
        UndefinedTable or "42703" or "42804" or "42P10" => (StoreFailure.Corrupt, "has other tables than Kadstone's"),
        "28000" or "28P01" or "3D000" or "3F000" => (StoreFailure.Io, "lets us not in"),
        ['5', '7', 'P', ..] => (StoreFailure.Io, "stops or starts"),
        _ => (StoreFailure.Io, "failed"),
    };
}
