namespace Kadstone.Cli.Parsing;

/// <summary>One of a few words.</summary>
internal static class Choices
{
    internal static OnOff? OnOff(string text) => text switch
    {
        "on" => Parsing.OnOff.On,
        "off" => Parsing.OnOff.Off,
        _ => throw new FormatException("is not allowed; on or off is expected"),
    };

    internal static OutputFormat? Format(string text) => text switch
    {
        "text" => OutputFormat.Text,
        "json" => OutputFormat.Json,
        _ => throw new FormatException("is not allowed; text or json is expected"),
    };

    /// <summary>Where a node keeps items: the memory, an SQLite file or a PostgreSQL server.</summary>
    internal static StoreChoice Store(string text) => text switch
    {
        "memory" => new StoreChoice(null),
        ['s', 'q', 'l', 'i', 't', 'e', ':', _, ..] => new StoreChoice(text["sqlite:".Length..]),
        ['p', 'o', 's', 't', 'g', 'r', 'e', 's', ':', _, ..] => new StoreChoice(null, text["postgres:".Length..]),
        _ => throw new FormatException("is not allowed; memory, sqlite:FILE or postgres:CONNECTION is expected"),
    };

    internal static string FilePath(string text) =>
        text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) ? text : throw new FormatException("is no file name");
}

// Words of their own and not bool: System.CommandLine lets a bool option take no word but true and false.
internal enum OnOff
{
    Off,
    On,
}

internal enum OutputFormat
{
    Text,
    Json,
}

/// <param name="SqlitePath">The file of an SQLite store.</param>
/// <param name="PostgresConnection">The connection string of a PostgreSQL store. Null as well: in memory.</param>
internal sealed record StoreChoice(string? SqlitePath, string? PostgresConnection = null);
