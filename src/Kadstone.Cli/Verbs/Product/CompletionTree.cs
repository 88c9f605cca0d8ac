using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>The whole command as a shell has to know it.</summary>
internal sealed class CompletionTree
{
    private readonly List<CompletionPlace> _places = [];

    private CompletionTree()
    {
    }

    /// <summary>Each command and verb, the root first.</summary>
    internal IReadOnlyList<CompletionPlace> Places => _places;

    internal static CompletionTree Of(Command root)
    {
        CompletionTree tree = new();
        tree.Add(root, "dht", []);
        return tree;
    }

    private void Add(Command command, string path, string[] paths)
    {
        _places.Add(new CompletionPlace(
            path,
            paths,
            [.. command.Subcommands.Where(verb => !verb.Hidden).Select(verb => new CompletionWord(verb.Name, verb.Description ?? ""))],
            [.. command.Options.Where(option => !option.Hidden && option.Name != "--help").Select(OptionOf), new CompletionOption(["--help"], "Shows this.", CompletionValue.None, [])],
            command.Arguments.Count == 0 ? CompletionValue.None : ValueOf(command.Arguments[0].HelpName ?? command.Arguments[0].Name),
            command.Arguments.Count == 0 ? [] : WordsOf(command.Arguments[0].HelpName ?? "")));
        foreach (Command verb in command.Subcommands.Where(verb => !verb.Hidden))
        {
            Add(verb, $"{path} {verb.Name}", [.. verb.Aliases.Prepend(verb.Name).Distinct().Select(name => $"{path} {name}")]);
        }
    }

    private static CompletionOption OptionOf(Option option) => new(
        [.. option.Aliases.Prepend(option.Name).Distinct().Where(name => name.StartsWith('-'))],
        option.Description ?? "",
        option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? CompletionValue.None : ValueOf(option.HelpName ?? ""),
        WordsOf(option.HelpName ?? ""));

    private static CompletionValue ValueOf(string helpName) =>
        WordsOf(helpName).Length > 0 ? CompletionValue.Words
        : helpName.Contains("FILE", StringComparison.Ordinal) ? CompletionValue.File
        : helpName.Contains("DIR", StringComparison.Ordinal) ? CompletionValue.Folder
        : CompletionValue.Other;

    // "text|json" names the words themselves, "sqlite:FILE|memory" but some of them.
    private static string[] WordsOf(string helpName) =>
        helpName.Contains('|', StringComparison.Ordinal)
            ? [.. helpName.Split('|').Where(word => word.Length > 0 && word.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))]
            : [];
}

/// <summary>What follows an option, or stands where an argument is expected.</summary>
internal enum CompletionValue
{
    None,
    Words,
    File,
    Folder,
    Other,
}

internal sealed record CompletionWord(string Name, string Description);

/// <param name="Names">The option and its aliases.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Value">What follows it.</param>
/// <param name="Words">The words that may.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Description, CompletionValue Value, IReadOnlyList<string> Words);

/// <param name="Path">The command and its groups, as <c>dht mainline peers</c>.</param>
/// <param name="Paths">How it can be said from its group on, aliases included.</param>
/// <param name="Verbs">What may follow.</param>
/// <param name="Options">Its options.</param>
/// <param name="Argument">What its argument is.</param>
/// <param name="Words">Words that the argument may be.</param>
internal sealed record CompletionPlace(
    string Path,
    IReadOnlyList<string> Paths,
    IReadOnlyList<CompletionWord> Verbs,
    IReadOnlyList<CompletionOption> Options,
    CompletionValue Argument,
    IReadOnlyList<string> Words);
