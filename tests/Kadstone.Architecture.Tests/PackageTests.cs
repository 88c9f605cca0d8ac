using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The packages as they would be published: what is in them, what comes with them, and that they tell of no machine.</summary>
public sealed partial class PackageTests(Packing packing) : IClassFixture<Packing>
{
    private const string Document = "docs/packages.md";
    private const string WriteCommand = "KADSTONE_WRITE_PACKAGES=1 ./test Architecture --filter-class '*PackageTests'";

    /// <summary>What comes with a library besides other libraries of the house, which the arrows hold. A new package is entered here first, with a reason to have it.</summary>
    private static readonly Dictionary<string, string[]> s_mayBring = new()
    {
        ["Kadstone.Datagrams"] = ["Microsoft.Extensions.Logging.Abstractions"],
        ["Kadstone.Hosting"] =
        [
            "Microsoft.Extensions.Configuration", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Hosting.Abstractions",
            "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
            "OpenTelemetry", "OpenTelemetry.Api.ProviderBuilderExtensions", "OpenTelemetry.Exporter.OpenTelemetryProtocol",
        ],
        ["Kadstone.Hyperswarm"] = ["Microsoft.Extensions.Logging.Abstractions"],
        ["Kadstone.Ipfs"] = ["Microsoft.Extensions.Logging.Abstractions"],
        ["Kadstone.Libp2p"] = ["Microsoft.Extensions.Logging.Abstractions", "SimpleBase"],
        ["Kadstone.Mainline"] = ["Microsoft.Extensions.Logging.Abstractions"],
        ["Kadstone.Daemon"] = ["SimpleBase"],
        ["Kadstone.Storage.Postgres"] = ["Npgsql"],
        ["Kadstone.Storage.Sqlite"] = ["SQLitePCLRaw.core", "SQLitePCLRaw.provider.e_sqlite3"],
    };

    [Fact]
    public void Every_project_is_a_package_and_nothing_else_is() =>
        packing.Packages.Select(package => package.Id).ShouldBe([.. Assemblies.Libraries, "kadstone"], ignoreOrder: true);

    [Fact]
    public void A_library_brings_its_assembly_its_documentation_and_its_symbols() =>
        (from package in packing.Libraries
         let assembly = $"lib/net10.0/{package.Id}"
         from missing in new[] { $"{assembly}.dll", $"{assembly}.xml" }.Except(package.Files).Concat(new[] { $"{assembly}.pdb" }.Except(package.Symbols.Keys))
         select $"{package.Id} lacks {missing}")
        .ShouldBeNone("An incomplete package:");

    [Fact]
    public void What_is_packed_is_what_was_tested() =>
        packing.Libraries.Where(package => !(package.Content($"lib/net10.0/{package.Id}.dll") ?? []).AsSpan().SequenceEqual(File.ReadAllBytes(Assemblies.PathOf(package.Id))))
            .Select(package => package.Id)
            .ShouldBeNone("Packed is another assembly than the one beside these tests:");

    [Fact]
    public void A_package_says_what_it_is()
    {
        foreach (Package package in packing.Packages)
        {
            package.Of("readme").ShouldBe("README.md", package.Id);
            string readme = Encoding.UTF8.GetString(package.Content("README.md") ?? []);
            readme.Split('\n')[0].ShouldStartWith($"# {package.Id}", Case.Sensitive, $"the title of {package.Id}'s README");
            readme.Length.ShouldBeGreaterThan(300, $"the README of {package.Id}");
            package.Element("license")?.Attribute("type")?.Value.ShouldBe("expression", package.Id);
            package.Of("license").ShouldBe("MIT", package.Id);
            (package.Of("description") ?? "").Length.ShouldBeGreaterThan(20, package.Id);
            package.Of("tags")?.Split(' ').ShouldContain("dht", package.Id);
            package.Element("repository")?.Attribute("type")?.Value.ShouldBe("git", package.Id);
        }
    }

    [Fact]
    public void A_package_brings_only_what_it_may() =>
        (from package in packing.Libraries
         from dependency in package.Dependencies
         where !(dependency.StartsWith("Kadstone.", StringComparison.Ordinal) ? Assemblies.Libraries : s_mayBring.GetValueOrDefault(package.Id, [])).Contains(dependency)
         select $"{package.Id} brings {dependency}")
        .ShouldBeNone("A dependency that PackageTests does not list:");

    [Fact]
    public void The_command_is_a_tool_that_brings_its_own()
    {
        Package tool = packing.Packages.Single(package => package.Id == "kadstone");
        tool.Types.ShouldBe(["DotnetTool"]);
        tool.Dependencies.ShouldBeEmpty();
        tool.Files.ShouldContain("tools/net10.0/any/dht.dll");
        tool.Files.ShouldContain("tools/net10.0/any/DotnetToolSettings.xml");
        tool.Files.Where(file => file.StartsWith("tools/", StringComparison.Ordinal) && file.EndsWith(".xml", StringComparison.Ordinal)).ShouldHaveSingleItem("documentation of assemblies is for those who link against them");
    }

    [Fact]
    public void A_package_tells_of_no_machine()
    {
        Assert.SkipUnless(Packing.IsRelease, "paths are mapped in a Release build");
        byte[][] places = [Encoding.UTF8.GetBytes(Repository.Root), Encoding.Unicode.GetBytes(Repository.Root)];
        packing.Libraries.ShouldAllBe(package => package.Symbols.Values.Sum(symbols => Package.SourcesOf(symbols).Count) > 5);
        (from package in packing.Libraries
         let assembly = package.Content($"lib/net10.0/{package.Id}.dll") ?? []
         from problem in new[]
         {
             Package.IsReproducible(assembly) ? null : "is not reproducible",
             places.Any(place => assembly.AsSpan().IndexOf(place) >= 0) ? "names the folder that it was built in" : null,
         }.Concat(package.Symbols.Values.SelectMany(Package.SourcesOf).Where(source => !MappedSource().IsMatch(source)).Select(source => $"has the source {source}"))
         where problem is not null
         select $"{package.Id} {problem}")
        .ShouldBeNone("Equal sources give equal packages, wherever they are built:");
    }

    [Fact]
    public void The_table_of_packages_is_true()
    {
        string[] rows = [.. packing.Packages.OrderBy(package => package.Id, StringComparer.OrdinalIgnoreCase).Select(Row)];
        foreach (string row in rows)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(row);
        }

        string document = Repository.Read(Document);
        if (Environment.GetEnvironmentVariable("KADSTONE_WRITE_PACKAGES") == "1")
        {
            File.WriteAllText(Repository.Absolute(Document), Rows().Replace(document, string.Concat(rows.Select(row => row + "\n")), 1));
            return;
        }

        string[] written = Rows().Match(document).Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string Unsized(string row) => Size().Replace(row, "");
        written.Select(Unsized).ShouldBe(rows.Select(Unsized), $"{Document}: {WriteCommand}");
        foreach ((string was, string now) in Packing.IsRelease ? written.Zip(rows) : [])
        {
            double before = double.Parse(Size().Match(was).Groups[1].Value, CultureInfo.InvariantCulture);
            double after = double.Parse(Size().Match(now).Groups[1].Value, CultureInfo.InvariantCulture);
            (after / before).ShouldBeInRange(0.75, 1.33, $"{Document} says {before} KB, and it is {after}: {WriteCommand}");
        }
    }

    private static string Row(Package package) =>
        string.Create(CultureInfo.InvariantCulture, $"| `{package.Id}` | {Math.Ceiling(package.Size / 1024.0)} KB | {string.Join(", ", package.Dependencies.DefaultIfEmpty("nothing"))} |");

    // Sources that the build itself made lie below obj, under the same root.
    [GeneratedRegex(@"^/_\d*/src/Kadstone\.")]
    private static partial Regex MappedSource();

    [GeneratedRegex(@"(?:^\| `[\w.]+` \|.*\n)+", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex(@"(?<=\| )(\d+) KB")]
    private static partial Regex Size();
}
