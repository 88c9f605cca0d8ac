using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Parsing;

/// <summary>Options as the verbs share them: one name, one meaning, one error.</summary>
internal static class CommonOptions
{
    internal static Option<IPAddress[]> Host() => Repeatable("--host", "ADDR", "The address to bind; repeatable. Default 0.0.0.0.", Endpoints.Address);

    internal static Option<string[]> Bootstrap(string fallback) =>
        Repeatable("--bootstrap", "HOST:PORT", $"A node to join through; repeatable. Default: {fallback}.", Endpoints.HostAndPort);

    internal static Option<bool> Private() => new("--private") { Description = "Loopback and private ranges count as ordinary addresses." };

    /// <summary>Of verbs that embed a node whether a daemon runs or not: a script may say it to all verbs.</summary>
    internal static Option<bool> Embed() => new("--embed") { Description = "Embed a node, which this verb always does." };

    internal static Option<OnOff?> Diversity() =>
        Create("--diversity", "on|off", "Whether hosts and prefixes are counted. Default on.", Choices.OnOff);

    internal static Option<TimeSpan?> Timeout() =>
        Create("--timeout", "DURATION", "How long a lookup may take: 500ms, 30s, 2m. Default 30s.", Durations.Parse);

    internal static Option<OutputFormat?> Format() => Create("--output", "text|json", "How results are written. Default text.", Choices.Format, "-o");

    internal static Option<string?> StateFile(string description) => Create("--state", "FILE", description, text => (string?)Choices.FilePath(text));

    internal static Option<int?> Min(string what) => Create("--min", "N", $"End with 4 when {what}. Default 1.", Keys.Count);

    internal static Option<int?> Count(string what) => Create("--count", "N", $"Stop after so many {what}; end with 4 when there are fewer.", Keys.Count);

    internal static Option<ReadOnlyMemory<byte>?> Salt() =>
        Create("--salt", "TEXT|hex:…", "What else the target depends on, at most 64 bytes.", text => (ReadOnlyMemory<byte>?)Keys.Salt(text));

    internal static Option<string?> KeyFile() =>
        Create("--key", "FILE", "The key file that signs: 64 hexadecimal digits, as 'dht key new' writes it.", text => (string?)Choices.FilePath(text));

    internal static Option<Key160?> NodeId() => Create("--id", "HEX40", "The node id. Default: as saved, else one that fits our address (BEP 42).", Keys.NodeId);

    internal static Option<T> Create<T>(string name, string helpName, string description, Func<string, T> parse, params string[] aliases) => new(name, aliases)
    {
        HelpName = helpName,
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Read(result, name, parse),
    };

    internal static Option<T[]> Repeatable<T>(string name, string helpName, string description, Func<string, T> parse, params string[] aliases) => new(name, aliases)
    {
        HelpName = helpName,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens.Select(token => Read(result, token.Value, name, parse)).OfType<T>()],
        DefaultValueFactory = _ => [],
    };

    internal static Argument<T> Argument<T>(string name, string description, Func<string, T> parse) => new(name)
    {
        HelpName = name,
        Description = description,
        // Said, because of a nullable value the library takes it for optional.
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Read(result, name, parse),
    };

    internal static void Check<T>(ArgumentResult result, string name, string text, Func<string, T> parse) => _ = Read(result, text, name, parse);

    private static T? Read<T>(ArgumentResult result, string name, Func<string, T> parse) =>
        result.Tokens.Count == 0 ? default : Read(result, result.Tokens[0].Value, name, parse);

    private static T? Read<T>(ArgumentResult result, string text, string name, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException exception)
        {
            result.AddError($"{name}: '{Shorten(text)}' {exception.Message}.");
            return default;
        }
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : $"{text[..100]}…";
}
