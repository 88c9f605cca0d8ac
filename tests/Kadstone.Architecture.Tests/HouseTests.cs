using System.Text.RegularExpressions;
using System.Xml.Linq;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The rules of the house that a compiler does not hold, read from the sources. CONTRIBUTING.md says why.</summary>
public sealed partial class HouseTests
{
    private const int MostLines = 600;

    /// <summary>Files that hold a family of small public types under the family's name.</summary>
    private static readonly Dictionary<string, string> s_families = new()
    {
        ["src/Kadstone.Mainline/Errors.cs"] = "one exception each, a few lines, read together",
        ["src/Kadstone.Mainline/Outcomes.cs"] = "two counts, compared with each other",
        ["src/Kadstone.Mainline/Results.cs"] = "what the verbs of the facade return, a record each",
        ["src/Kadstone.Mainline/LookupReport.cs"] = "a trace and its steps",
        ["src/Kadstone.Simulation/Traffic.cs"] = "two counts, of the world and of a host",
        ["src/Kadstone.Datagrams/Core/AddressScope.cs"] = "an enum and what can be asked of it",
    };

    /// <summary>How often a file may tell the compiler that it knows better about null, and why it does.</summary>
    private static readonly Dictionary<string, (int Most, string Reason)> s_forgiven = new()
    {
        ["src/Kadstone.Kademlia/RoutingTable.cs"] = (9, "a bucket that TryFind found is there; the diversity counts and the replacement cache are there where the options say so"),
        ["src/Kadstone.Datagrams/Core/RequestTable.cs"] = (3, "default of a type parameter, in a slot that nobody reads before it is set"),
        ["src/Kadstone.Datagrams/Udp/DatagramDriver.cs"] = (1, "a timer's state is what we gave it"),
        ["src/Kadstone.Mainline/Core/Publications.cs"] = (1, "the out parameter of a TryX that says false"),
        ["src/Kadstone.Mainline/MainlineDht.Items.cs"] = (1, "the query's own callback asks the query"),
        ["src/Kadstone.Mainline/MainlineDht.cs"] = (1, "the count of the state's ids was asked in the same condition"),
        ["src/Kadstone.Simulation/SimulatedNetwork.cs"] = (5, "a packet that may travel has a route and a link; the state of a guarded step is what we gave it"),
    };

    public static TheoryData<string> SourceProjects => [.. Repository.Projects("src/")];

    private static IEnumerable<SourceText> Sources => Repository.Sources("src/").Select(SourceText.Of);

    [Fact]
    public void No_file_is_longer_than_a_reader() =>
        Sources.Where(source => source.LineCount > MostLines)
            .Select(source => $"{source.Path}: {source.LineCount} lines")
            .ShouldBeNone($"A source file has at most {MostLines} lines; a second idea wants a second file:");

    [Fact]
    public void Nothing_is_left_to_do() =>
        Find(source => source.Text, Unfinished())
            .ShouldBeNone("Unfinished work belongs to an issue, not into the code:");

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Sources.Where(source => BlockNamespace().IsMatch(source.Code) || (source.Types.Count > 0 && source.Namespace is null))
            .Select(source => source.Path)
            .ShouldBeNone("A namespace is declared as `namespace X;`:");

    [Fact]
    public void A_namespace_is_its_project_and_at_most_the_folder() =>
        (from source in Sources
         where source.Namespace is not null
         let parts = source.Path.Split('/')[1..^1]
         let allowed = Enumerable.Range(1, parts.Length).Select(count => string.Join('.', parts.Take(count)))
         where !allowed.Contains(source.Namespace)
         select $"{source.Path}: {source.Namespace} is none of {string.Join(", ", allowed)}")
        .ShouldBeNone("A namespace is the project's, or the folder's:");

    [Fact]
    public void A_file_is_named_after_its_public_type() =>
        (from source in Sources
         where !s_families.ContainsKey(source.Path)
         let visible = source.Types.Where(type => type.IsPublic).ToArray()
         let name = Path.GetFileName(source.Path).Split('.')[0]
         from problem in ProblemsOf(visible, name)
         select $"{source.Path}: {problem}")
        .ShouldBeNone("A file has one public type, which names it; beside it stand enums and records only:");

    [Fact]
    public void A_file_without_a_public_type_is_named_after_one_of_its_own() =>
        (from source in Sources
         where !s_families.ContainsKey(source.Path)
         where source.Types.Count > 0 && source.Types.All(type => !type.IsPublic)
         let name = Path.GetFileName(source.Path).Split('.')[0]
         where !source.Types.Any(type => type.Name.StartsWith(Singular(name), StringComparison.Ordinal))
         select $"{source.Path} declares {string.Join(", ", source.Types.Select(type => type.Name))}")
        .ShouldBeNone("A file is named after what is in it:");

    [Fact]
    public void Every_family_exists() =>
        s_families.Keys.Where(path => !Repository.Has(path)).ShouldBeNone("Listed as a family of types, but no such file:");

    [Fact]
    public void Nobody_overrules_the_compiler_about_null()
    {
        Dictionary<string, string[]> found = Sources
            .Select(source => (source.Path, Lines: Forgiving().Matches(source.Code).Select(match => $"{source.Path}:{LineAt(source, match.Index)}").ToArray()))
            .Where(pair => pair.Lines.Length > 0)
            .ToDictionary(pair => pair.Path, pair => pair.Lines);
        found.Where(pair => pair.Value.Length > s_forgiven.GetValueOrDefault(pair.Key).Most)
            .SelectMany(pair => pair.Value.Prepend($"{pair.Key}: {pair.Value.Length} times, {s_forgiven.GetValueOrDefault(pair.Key).Most} allowed"))
            .ShouldBeNone("No null-forgiving ! outside tests: say it with a type, [NotNullWhen] or a TryX. Where that costs more than it brings, enter it in HouseTests with the reason:");
        s_forgiven.Keys.Where(path => !found.ContainsKey(path)).ShouldBeNone("Needs no forgiveness any more: take it off the list:");
    }

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void Documentation_and_warnings_stay_on(string project)
    {
        string[] ours = ["GenerateDocumentationFile", "TreatWarningsAsErrors", "WarningsNotAsErrors", "NoWarn", "Nullable", "DocumentationFile", "AnalysisLevel"];
        Repository.ReadXml(project).Descendants().Where(element => ours.Contains(element.Name.LocalName))
            .Select(element => element.ToString())
            .ShouldBeNone($"{project} overrules Directory.Build.props:");
    }

    [Fact]
    public void Every_project_is_documented_and_warnings_are_errors()
    {
        XElement[] groups = [.. Repository.ReadXml("Directory.Build.props").Descendants("PropertyGroup")];
        string? OfAll(string name) => groups.Where(group => group.Attribute("Condition") is null).Elements(name).SingleOrDefault()?.Value;
        string? OfSources(string name) => groups.Where(group => group.Attribute("Condition")?.Value.Contains("/src/", StringComparison.Ordinal) ?? false).Elements(name).SingleOrDefault()?.Value;
        OfAll("TreatWarningsAsErrors").ShouldBe("true", "Directory.Build.props must make warnings errors in every project");
        OfAll("Nullable").ShouldBe("enable", "Directory.Build.props must switch nullable references on in every project");
        OfSources("GenerateDocumentationFile").ShouldBe("true", "Directory.Build.props must ask for XML documentation in src/, or CS1591 finds nothing");
    }

    [Fact]
    public void No_source_silences_missing_documentation() =>
        Find(source => source.Text, Silenced()).ShouldBeNone("A public member is documented, not excused (CS1591):");

    // The command has no API: nobody links against it.
    [Fact]
    public void Only_the_command_may_do_without_documentation()
    {
        string folder = "";
        List<string> silenced = [];
        foreach (string line in Repository.Read(".editorconfig").Split('\n'))
        {
            folder = line.StartsWith('[') ? line.Trim('[', ']') : folder;
            if (line.Contains("CS1591", StringComparison.Ordinal) && folder != "src/Kadstone.Cli/**.cs")
            {
                silenced.Add($".editorconfig [{folder}]: {line}");
            }
        }

        silenced.ShouldBeNone("Missing documentation is silenced:");
    }

    private static string Singular(string name) => name.EndsWith("ies", StringComparison.Ordinal) ? name[..^3] + "y" : name.TrimEnd('s');

    private static IEnumerable<string> ProblemsOf(TypeDeclaration[] visible, string name)
    {
        if (visible.Length == 0)
        {
            yield break;
        }

        if (visible.All(type => type.Name != name))
        {
            yield return $"no public type of that name, but {string.Join(", ", visible.Select(type => type.Name))}";
        }

        foreach (TypeDeclaration companion in visible.Where(type => type.Name != name))
        {
            if (companion.Kind != "enum" && !companion.Kind.StartsWith("record", StringComparison.Ordinal))
            {
                yield return $"{companion.Kind} {companion.Name} (line {companion.Line}) wants a file of its own";
            }
        }
    }

    private static IEnumerable<string> Find(Func<SourceText, string> text, Regex pattern) =>
        from source in Sources
        from match in pattern.Matches(text(source))
        select $"{source.Path}:{LineAt(source, match.Index)}: {match.Value.Trim()}";

    private static int LineAt(SourceText source, int position) => Repository.LineOf(source.Text, position);

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^\s*namespace\s+[\w.]+\s*\{", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();

    // After a name, a bracket or a literal, and not the beginning of !=.
    [GeneratedRegex(@"(?<=[\w)\]>""}])!(?!=)")]
    private static partial Regex Forgiving();

    [GeneratedRegex(@"#pragma warning disable[^\n]*CS1591[^\n]*")]
    private static partial Regex Silenced();
}
