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

    /// <summary>Where a node keeps items: null is the memory, anything else the path of an SQLite file.</summary>
    internal static StoreChoice Store(string text) => text switch
    {
        "memory" => new StoreChoice(null),
        ['s', 'q', 'l', 'i', 't', 'e', ':', _, ..] => new StoreChoice(text["sqlite:".Length..]),
        _ => throw new FormatException("is not allowed; memory or sqlite:FILE is expected"),
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

/// <param name="SqlitePath">Null: in memory.</param>
internal sealed record StoreChoice(string? SqlitePath);
