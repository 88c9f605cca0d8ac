using System.Xml.Linq;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The build knows every project, and every package has a user.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Every_package_version_has_a_user() =>
        VersionedPackages().Except(UsedPackages()).Select(package => $"{package} is used by no project")
            .ShouldBeNone("Directory.Packages.props lists a package for nobody:");

    [Fact]
    public void A_package_version_stands_in_one_place() =>
        (from path in Repository.Files
         where path.EndsWith(".csproj", StringComparison.Ordinal)
         from reference in Repository.ReadXml(path).Descendants("PackageReference")
         where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
         select $"{path}: {reference}")
        .ShouldBeNone("A version belongs into Directory.Packages.props:");

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string[] listed = [.. Repository.ReadXml("Kadstone.slnx").Descendants("Project").Attributes("Path").Select(path => path.Value)];
        string[] wanted = [.. Repository.Projects("src/"), .. Repository.Projects("tests/"), .. Repository.Projects("samples/")];
        wanted.Except(listed).ShouldBeNone("Not in Kadstone.slnx, so neither built nor tested:");
        listed.Where(path => !Repository.Has(path)).ShouldBeNone("In Kadstone.slnx, but not on disk:");
    }

    [Fact]
    public void A_test_project_is_named_as_the_build_expects() =>
        Repository.Projects("tests/")
            .Where(path => !Assemblies.ProjectName(path).EndsWith(".Tests", StringComparison.Ordinal) || path.Split('/')[1] != Assemblies.ProjectName(path))
            .ShouldBeNone("./test and Directory.Build.props look for tests/X.Tests/X.Tests.csproj:");

    [Fact]
    public void Every_library_says_what_it_is() =>
        Repository.Projects("src/").Where(path => !Repository.ReadXml(path).Descendants("Description").Any())
            .ShouldBeNone("A package without a description:");

    private static IEnumerable<string> VersionedPackages() => Included(Repository.ReadXml("Directory.Packages.props"), "PackageVersion");

    private static IEnumerable<string> UsedPackages() =>
        Repository.Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal) || path.EndsWith(".props", StringComparison.Ordinal))
            .SelectMany(path => Included(Repository.ReadXml(path), "PackageReference"));

    private static IEnumerable<string> Included(XDocument project, string item) => project.Descendants(item).Attributes("Include").Select(include => include.Value);
}
