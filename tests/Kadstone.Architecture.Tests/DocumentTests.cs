using System.Reflection;
using System.Text.RegularExpressions;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The documents are true: what they link to and name is there.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Required => ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "AGENTS.md"];

    private static IEnumerable<string> Documents =>
        Repository.Files.Concat(Required.Select(row => row.Data).Where(Repository.Has)).Distinct().Where(path => path.EndsWith(".md", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Required))]
    public void The_house_has_its_papers(string document)
    {
        Repository.Has(document).ShouldBeTrue($"{document} is missing");
        Repository.Read(document).Trim().ShouldNotBeEmpty($"{document} is empty");
    }

    [Fact]
    public void Every_relative_link_leads_somewhere() =>
        (from document in Documents
         let text = Repository.Read(document)
         from match in Link().Matches(WithoutCode(text))
         let link = match.Groups["target"].Value
         where !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal)
         let problem = ProblemOf(document, link)
         where problem is not null
         select $"{document}:{Repository.LineOf(text, match.Index)}: {link}: {problem}")
        .ShouldBeNone("A link that leads nowhere:");

    [Fact]
    public void Every_path_that_is_named_exists() =>
        (from document in Documents
         where document != "CHANGELOG.md" // tells of what is gone, too
         let text = Repository.Read(document)
         from match in NamedPath().Matches(text)
         let path = match.Value.TrimEnd('.', ',', ':', '/')
         where !Repository.Has(path) && !Repository.Has(Path.Combine(Path.GetDirectoryName(document) ?? "", path))
         select $"{document}:{Repository.LineOf(text, match.Index)}: {path}")
        .ShouldBeNone("A document names a path that does not exist:");

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        ILookup<string, string> tests = Repository.Sources("tests/").ToLookup(path => Path.GetFileNameWithoutExtension(path), Repository.Read);
        (string Document, string Text)[] documents = [.. Documents.Select(document => (document, Repository.Read(document)))];
        documents.Sum(document => NamedTest().Count(document.Text)).ShouldBeGreaterThan(100, "the tables of docs/mainline.md and docs/networks/hyperswarm.md name a test in each row");
        (from document in documents
         from match in NamedTest().Matches(document.Text)
         where !tests[match.Groups["class"].Value].Any(text => text.Contains($" {match.Groups["method"].Value}(", StringComparison.Ordinal))
         select $"{document.Document}:{Repository.LineOf(document.Text, match.Index)}: {match.Value}")
        .ShouldBeNone("A document names a test that does not exist:");
    }

    [Fact]
    public void The_tour_of_a_packet_passes_types_that_exist()
    {
        Repository.Has("ARCHITECTURE.md").ShouldBeTrue("ARCHITECTURE.md is missing");
        string tour = Tour().Match(Repository.Read("ARCHITECTURE.md")).Groups[1].Value;
        string[] named = [.. InBackticks().Matches(tour).Select(match => match.Groups[1].Value).Where(name => DottedName().IsMatch(name)).Distinct()];
        named.Length.ShouldBeGreaterThan(3, "ARCHITECTURE.md needs a section \"Follow one packet\" that names the types which a packet passes, in backticks");
        ILookup<string, Mono.Cecil.TypeDefinition> types = Assemblies.All.Values.SelectMany(module => module.AllTypes()).ToLookup(type => type.Name.Split('`')[0]);
        named.Where(name => !Exists(name)).ShouldBeNone("ARCHITECTURE.md, \"Follow one packet\", names what does not exist:");

        // `Type`, `Type.Member`, or a folder, file or project, which has its own test above.
        bool Exists(string name)
        {
            string[] parts = name.Split('.');
            return name.StartsWith("Kadstone.", StringComparison.Ordinal) ? Assemblies.All.ContainsKey(name) || types.SelectMany(group => group).Any(type => type.FullName.Split('`')[0] == name)
                : parts[^1] is "cs" or "md" ? Repository.Files.Any(path => path.EndsWith("/" + name, StringComparison.Ordinal))
                : types[parts[0]].Any(type => parts.Length == 1 || HasMember(type, parts[1]));
        }
    }

    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("docs/testing-your-app.md", 2)]
    public void The_code_that_is_shown_stands_in_a_sample(string document, int examples)
    {
        string[] samples = [.. Repository.Sources("samples/").Select(path => Dense(Repository.Read(path)))];
        string[] shown = [.. Example().Matches(Repository.Read(document)).Select(match => match.Groups[1].Value)];
        shown.Length.ShouldBe(examples, document);
        shown.Where(code => !samples.Any(sample => sample.Contains(Dense(code), StringComparison.Ordinal)))
            .ShouldBeNone($"{document} shows code that stands in no sample, so nobody compiles it:");

        string Dense(string code) => string.Join('\n', code.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public void The_sample_in_the_readme_is_short_enough_to_read() =>
        Repository.Projects("samples/").Select(project => Path.GetDirectoryName(project) + "/Program.cs")
            .Where(path => SourceText.Of(path).LineCount >= 80)
            .ShouldBeNone("A sample has fewer than 80 lines:");

    private static bool HasMember(Mono.Cecil.TypeDefinition type, string member)
    {
        string name = member.TrimEnd('(', ')');
        return type.Methods.Any(method => method.Name == name) || type.Properties.Any(property => property.Name == name)
            || type.Fields.Any(field => field.Name == name) || type.Events.Any(happening => happening.Name == name)
            || type.NestedTypes.Any(nested => nested.Name.Split('`')[0] == name);
    }

    private static string? ProblemOf(string document, string link)
    {
        string[] parts = link.Split('#', 2);
        string folder = Path.GetDirectoryName(Repository.Absolute(document)) ?? Repository.Root;
        string target = parts[0].Length == 0 ? Repository.Absolute(document) : Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(parts[0])));
        if (!target.StartsWith(Repository.Root, StringComparison.Ordinal))
        {
            return "outside the repository";
        }

        return !Path.Exists(target) ? "no such file"
            : parts.Length == 2 && target.EndsWith(".md", StringComparison.Ordinal) && !Anchors(File.ReadAllText(target)).Contains(parts[1]) ? "no such heading"
            : null;
    }

    // As GitHub makes them: lower case, no punctuation, hyphens for blanks.
    private static IEnumerable<string> Anchors(string markdown) =>
        Heading().Matches(WithoutCode(markdown)).Select(match => Punctuation().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static string WithoutCode(string markdown) => Fence().Replace(markdown, match => new string([.. match.Value.Select(character => character == '\n' ? '\n' : ' ')]));

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\((?<target>[^()\s]+)(?:\s+""[^""]*"")?\)|^\[[^\]]+\]:\s*(?<target>\S+)", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();

    // Not the middle of a longer path or address; a pattern such as src/<project> or tests/*.cs names no one file.
    [GeneratedRegex(@"(?<![\w/.\-])(?:src|tests|samples|bench|docs|eng)/[\w./\-]*(?![\w./\-<*{…])")]
    private static partial Regex NamedPath();

    // A sentence in the class that holds it.
    [GeneratedRegex(@"`(?<class>[A-Z]\w+)\.(?<method>[A-Z][a-z0-9]*_\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"^#+[^\n]*follow one packet[^\n]*\n(.*?)(?=^#|\z)", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Tour();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex InBackticks();

    [GeneratedRegex(@"^[A-Z]\w*(\.\w+)*(\(\))?$")]
    private static partial Regex DottedName();

    [GeneratedRegex(@"^#+\s+(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
