using System.Text.RegularExpressions;
using Kadstone.Architecture.Tests.Reading;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Kadstone.Architecture.Tests;

/// <summary>docs/metrics.md names every instrument of every meter with its kind and its unit, and none that is not there.</summary>
public sealed partial class MetricsDocumentTests
{
    private const string Meters = "System.Diagnostics.Metrics.Meter";

    [Fact]
    public void The_documented_instruments_are_those_of_the_code()
    {
        string[] made = [.. Assemblies.All.Values.SelectMany(module => module.AllTypes()).SelectMany(type => type.Methods).Where(method => method.HasBody).SelectMany(Made)];
        made.Length.ShouldBeGreaterThan(10, "the meters of Mainline and libp2p");
        string[] documented = [.. Documented()];
        made.Except(documented).ShouldBeNone("Not in docs/metrics.md:");
        documented.Except(made).ShouldBeNone("In docs/metrics.md, and nowhere else:");
        documented.ShouldBeUnique();
    }

    // A meter by the name it is created with; then an instrument's name, kind and unit: the first two texts before the call that makes it.
    private static IEnumerable<string> Made(MethodDefinition method)
    {
        string? meter = null;
        List<string> texts = [];
        foreach (Instruction instruction in method.Body.Instructions)
        {
            if (instruction.Operand is string text)
            {
                texts.Add(text);
            }
            else if (instruction.Operand is MethodReference called)
            {
                if (called.Name == "Create" && called.ReturnType.FullName == Meters)
                {
                    meter = texts.LastOrDefault();
                    texts.Clear();
                }
                else if (called.DeclaringType.FullName == Meters && called.Name.StartsWith("Create", StringComparison.Ordinal))
                {
                    string kind = Kind().Replace(called.Name, "").ToLowerInvariant();
                    yield return $"{meter}: {texts.ElementAtOrDefault(0)}, {kind}, {texts.ElementAtOrDefault(1)}";
                    texts.Clear();
                }
            }
        }
    }

    private static IEnumerable<string> Documented()
    {
        string meter = "";
        foreach (string line in Repository.Read("docs/metrics.md").Split('\n'))
        {
            meter = Heading().Match(line) is { Success: true } heading ? heading.Groups[1].Value : meter;
            if (Row().Match(line) is { Success: true } row)
            {
                yield return $"{meter}: {row.Groups["name"].Value}, {row.Groups["kind"].Value}, {row.Groups["unit"].Value}";
            }
        }
    }

    [GeneratedRegex("^Create(Observable)?")]
    private static partial Regex Kind();

    [GeneratedRegex("^## `([^`]+)`")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `(?<name>kadstone\.[^`]+)` \| (?<kind>\w+) \| `(?<unit>[^`]+)` \|")]
    private static partial Regex Row();
}
