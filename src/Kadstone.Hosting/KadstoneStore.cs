using System.Diagnostics.CodeAnalysis;
using Kadstone.Storage;

namespace Kadstone.Hosting;

/// <summary>Where the records of all networks are kept.</summary>
public sealed class KadstoneStore
{
    private const string SqlitePrefix = "sqlite:";
    private const string PostgresPrefix = "postgres:";

    private KadstoneStore(string name) => Name = name;

    /// <summary><c>memory</c>, <c>sqlite</c>, <c>postgres</c>, or <c>custom</c> for a store of one's own.</summary>
    public string Name { get; }

    /// <summary>In memory: gone at the end.</summary>
    public static KadstoneStore Memory { get; } = new("memory");

    internal string? Path { get; private init; }

    internal string? Connection { get; private init; }

    internal IRecordStore? Given { get; private init; }

    /// <summary>In an SQLite file.</summary>
    /// <param name="path">The file; its folder must be there. Default null: <c>node.sqlite</c> in the data folder.</param>
    public static KadstoneStore Sqlite(string? path = null) => new("sqlite") { Path = path };

    /// <summary>On a PostgreSQL server, or one that speaks its protocol.</summary>
    /// <param name="connection">An Npgsql connection string, such as <c>Host=db;Username=kadstone;Database=kadstone</c>.</param>
    public static KadstoneStore Postgres(string connection)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connection);
        return new KadstoneStore("postgres") { Connection = connection };
    }

    /// <summary>In a store of one's own, which is disposed with the nodes.</summary>
    public static KadstoneStore Custom(IRecordStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return new KadstoneStore("custom") { Given = store };
    }

    /// <summary>Reads <c>memory</c>, <c>sqlite</c>, <c>sqlite:FILE</c> or <c>postgres:CONNECTION</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out KadstoneStore? choice)
    {
        choice = text switch
        {
            "memory" => Memory,
            "sqlite" => Sqlite(),
            not null when text.StartsWith(SqlitePrefix, StringComparison.Ordinal) && text.Length > SqlitePrefix.Length => Sqlite(text[SqlitePrefix.Length..]),
            not null when text.StartsWith(PostgresPrefix, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(text[PostgresPrefix.Length..]) => Postgres(text[PostgresPrefix.Length..]),
            _ => null,
        };
        return choice is not null;
    }

    /// <summary>As <see cref="TryParse"/> reads it, but for a connection, which may hold a password and is not said.</summary>
    public override string ToString() => Path is null ? Name : SqlitePrefix + Path;
}
