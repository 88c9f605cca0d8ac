using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>A C# file as text, with and without what the compiler does not read as code.</summary>
internal sealed partial class SourceText
{
    private static readonly ConcurrentDictionary<string, SourceText> s_read = new();
    private readonly Lazy<string> _code;
    private readonly Lazy<IReadOnlyList<TypeDeclaration>> _types;

    public SourceText(string path, string text)
    {
        Path = path;
        Text = text;
        _code = new(() => Blank().Replace(text, static match => Whitespace(match.Value)));
        _types = new(FindTypes);
    }

    public string Path { get; }

    public string Text { get; }

    public int LineCount => Text.AsSpan().Count('\n') + (Text.EndsWith('\n') ? 0 : 1);

    /// <summary>The text with comments and literals blanked out, every character at its place.</summary>
    public string Code => _code.Value;

    /// <summary>The types declared directly in the namespace.</summary>
    public IReadOnlyList<TypeDeclaration> Types => _types.Value;

    public string? Namespace => NamespaceLine().Match(Code) is { Success: true } match ? match.Groups[1].Value : null;

    public static SourceText Of(string path) => s_read.GetOrAdd(path, static path => new SourceText(path, Repository.Read(path)));

    private List<TypeDeclaration> FindTypes()
    {
        List<TypeDeclaration> found = [];
        foreach (Match match in DeclarationLine().Matches(Code))
        {
            string modifiers = match.Groups["modifiers"].Value;
            string name = match.Groups["name"].Value;
            string parameters = match.Groups["parameters"].Value;
            int arity = parameters.Length == 0 ? 0 : parameters.Count(character => character == ',') + 1;
            string fullName = (Namespace is null ? name : $"{Namespace}.{name}") + (arity == 0 ? "" : $"`{arity}");
            found.Add(new TypeDeclaration(name, fullName, match.Groups["kind"].Value, modifiers.Contains("public", StringComparison.Ordinal), Repository.LineOf(Code, match.Index)));
        }

        return found;
    }

    private static string Whitespace(string hidden)
    {
        // A literal keeps its quotes: `"..."!` is a null-forgiving operator after a string.
        char[] blank = hidden.ToCharArray();
        for (int i = 0; i < blank.Length; i++)
        {
            bool isOuterQuote = blank[i] == '"' && (i == 0 || i == blank.Length - 1);
            blank[i] = blank[i] == '\n' || isOuterQuote ? blank[i] : ' ';
        }

        return new string(blank);
    }

    // In this order: comments, raw strings, verbatim strings, strings, characters.
    [GeneratedRegex("""
        //[^\n]*|/\*.*?\*/|(?<q>"{3,}).*?\k<q>"*|@\$?"(?:[^"]|"")*"|\$@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.[^'\n]*)'
        """, RegexOptions.Singleline)]
    private static partial Regex Blank();

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    // File-scoped namespaces: a type of the namespace begins in the first column.
    [GeneratedRegex(@"^(?<modifiers>(?:(?:public|internal|file|static|sealed|abstract|readonly|ref|unsafe|partial)\s+)*)(?<kind>class|struct|interface|enum|record(?:\s+struct|\s+class)?|delegate\s+[\w<>.?]+)\s+(?<name>\w+)(?:<(?<parameters>[^>]*)>)?", RegexOptions.Multiline)]
    private static partial Regex DeclarationLine();
}

/// <param name="Name">The name as it is written.</param>
/// <param name="FullName">The name as reflection spells it, with the count of its type parameters.</param>
/// <param name="Kind">The keyword.</param>
/// <param name="IsPublic">Whether this declaration says so; another part of a partial type may.</param>
/// <param name="Line">From 1.</param>
internal sealed record TypeDeclaration(string Name, string FullName, string Kind, bool IsPublic, int Line);
