using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>What a library promises to its users, as text: a change of it is seen in review, and meant.</summary>
public sealed class PublicApiTests
{
    private const string AcceptCommand = "KADSTONE_ACCEPT_API=1 ./test Architecture --filter-class '*PublicApiTests'";
    private const string Folder = "tests/Kadstone.Architecture.Tests/PublicApi/";

    public static TheoryData<string> Libraries => [.. Assemblies.Libraries];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_API_is_the_accepted_one(string library)
    {
        string path = $"{Folder}{library}.txt";
        string[] actual = [.. PublicApi.Describe(library)];
        if (Environment.GetEnvironmentVariable("KADSTONE_ACCEPT_API") == "1")
        {
            Directory.CreateDirectory(Repository.Absolute(Folder));
            File.WriteAllText(Repository.Absolute(path), string.Concat(actual.Select(line => line + "\n")));
            return;
        }

        string[] accepted = Repository.Has(path) ? Repository.Read(path).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
        accepted.Except(actual).Select(line => "- " + line)
            .Concat(actual.Except(accepted).Select(line => "+ " + line))
            .OrderBy(line => line[2..], StringComparer.Ordinal)
            .ShouldBeNone($"The public API of {library} is not that of {path}. If the change is meant, accept it and say why in CHANGELOG.md:\n    {AcceptCommand}\n");
        accepted.ShouldBe(actual, $"{path} has lines twice or out of order: {AcceptCommand}");
    }

    [Fact]
    public void Every_snapshot_belongs_to_a_library() =>
        Repository.Files.Where(path => path.StartsWith(Folder, StringComparison.Ordinal))
            .Where(path => !Assemblies.Libraries.Contains(Path.GetFileNameWithoutExtension(path)))
            .ShouldBeNone("A snapshot of a library that is no more:");

    [Theory]
    [MemberData(nameof(Libraries))]
    public void No_public_type_is_nameless_in_the_documentation(string library)
    {
        string xml = File.ReadAllText(Path.ChangeExtension(Assemblies.PathOf(library), ".xml"));
        Assemblies.All[library].Types
            .Where(type => type.IsPublic && !xml.Contains($"\"T:{type.FullName}\"", StringComparison.Ordinal))
            .Select(type => type.FullName)
            .ShouldBeNone($"A public type without XML documentation in {library}:");
    }
}
