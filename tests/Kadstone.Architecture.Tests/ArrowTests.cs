using Kadstone.Architecture.Tests.Reading;
using Mono.Cecil;

namespace Kadstone.Architecture.Tests;

/// <summary>Who may use whom. A new project is entered here first.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Kadstone.Kademlia"] = [],
        ["Kadstone.Storage"] = [],
        ["Kadstone.Crypto"] = [],
        ["Kadstone.Datagrams"] = ["Kadstone.Kademlia", "Kadstone.Crypto"],
        ["Kadstone.Mainline"] = ["Kadstone.Datagrams", "Kadstone.Kademlia", "Kadstone.Storage", "Kadstone.Crypto"],
        ["Kadstone.Hyperswarm"] = ["Kadstone.Datagrams", "Kadstone.Kademlia", "Kadstone.Storage", "Kadstone.Crypto"],
        ["Kadstone.Libp2p"] = ["Kadstone.Crypto"],
        ["Kadstone.Ipfs"] = ["Kadstone.Kademlia", "Kadstone.Storage", "Kadstone.Libp2p", "Kadstone.Crypto"],
        ["Kadstone.Storage.Sqlite"] = ["Kadstone.Storage"],
        ["Kadstone.Storage.Postgres"] = ["Kadstone.Storage"],
        ["Kadstone.Simulation"] = ["Kadstone.Datagrams", "Kadstone.Kademlia"],
        ["Kadstone.Hosting"] =
        [
            "Kadstone.Mainline", "Kadstone.Hyperswarm", "Kadstone.Ipfs", "Kadstone.Libp2p", "Kadstone.Datagrams", "Kadstone.Kademlia", "Kadstone.Storage",
            "Kadstone.Storage.Sqlite", "Kadstone.Storage.Postgres", "Kadstone.Crypto",
        ],
        ["Kadstone.Daemon"] =
        [
            "Kadstone.Hosting", "Kadstone.Mainline", "Kadstone.Hyperswarm", "Kadstone.Ipfs", "Kadstone.Libp2p", "Kadstone.Datagrams", "Kadstone.Kademlia",
            "Kadstone.Storage", "Kadstone.Crypto",
        ],
        ["Kadstone.Cli"] =
        [
            "Kadstone.Mainline", "Kadstone.Hyperswarm", "Kadstone.Storage", "Kadstone.Storage.Sqlite", "Kadstone.Storage.Postgres", "Kadstone.Crypto",
            "Kadstone.Datagrams", "Kadstone.Kademlia", "Kadstone.Simulation", "Kadstone.Libp2p", "Kadstone.Ipfs", "Kadstone.Hosting", "Kadstone.Daemon",
        ],
    };

    [Fact]
    public void Every_project_has_its_place_in_the_table() =>
        Assemblies.All.Keys.Order().ShouldBe(s_mayUse.Keys.Order(), "the projects of src/ and the table of ArrowTests must name the same projects");

    [Fact]
    public void Compiled_references_follow_the_arrows() =>
        (from pair in Assemblies.All
         from reference in pair.Value.AssemblyReferences.Select(reference => reference.Name)
         where reference == "dht" || reference.StartsWith("Kadstone.", StringComparison.Ordinal)
         where !s_mayUse.GetValueOrDefault(pair.Key, []).Contains(reference)
         select $"{pair.Key} uses {reference}; it may use {Listed(s_mayUse.GetValueOrDefault(pair.Key, []))}")
        .ShouldBeNone("An assembly uses one that the arrows do not lead to (ARCHITECTURE.md, the projects):");

    [Fact]
    public void Project_files_follow_the_arrows() =>
        (from path in Repository.Projects("src/")
         let project = Assemblies.ProjectName(path)
         from reference in Repository.ReadXml(path).Descendants("ProjectReference")
         let used = Assemblies.ProjectName(reference.Attribute("Include")?.Value ?? "")
         where !s_mayUse.GetValueOrDefault(project, []).Contains(used)
         select $"{path} references {used}; it may use {Listed(s_mayUse.GetValueOrDefault(project, []))}")
        .ShouldBeNone("A project file references one that the arrows do not lead to (ARCHITECTURE.md, the projects):");

    [Fact]
    public void The_table_has_no_cycle()
    {
        HashSet<string> placed = [];
        List<string> left = [.. s_mayUse.Keys];
        while (left.Find(project => s_mayUse[project].All(placed.Contains)) is string next)
        {
            placed.Add(next);
            left.Remove(next);
        }

        left.ShouldBeNone("These projects use each other in a circle:");
    }

    [Fact]
    public void Kademlia_uses_the_platform_alone() =>
        Assemblies.All["Kadstone.Kademlia"].AssemblyReferences
            .Where(reference => !reference.Name.StartsWith("System.", StringComparison.Ordinal))
            .Select(reference => reference.Name)
            .ShouldBeNone("Kadstone.Kademlia uses no package and no other project:");

    [Fact]
    public void Nobody_opens_its_inside_to_another_library_than_its_own_kind()
    {
        // The stores share the rules of a put; everyone else opens up to tests and benches only.
        (string Owner, string Friend)[] allowed = [("Kadstone.Storage", "Kadstone.Storage.Sqlite"), ("Kadstone.Storage", "Kadstone.Storage.Postgres")];
        (from pair in Assemblies.All
         from attribute in pair.Value.Assembly.CustomAttributes
         where attribute.AttributeType.Name == "InternalsVisibleToAttribute"
         let friend = (string)attribute.ConstructorArguments[0].Value
         where Assemblies.All.ContainsKey(friend) && !allowed.Contains((pair.Key, friend))
         select $"{pair.Key} is open to {friend}")
        .ShouldBeNone("An InternalsVisibleTo between libraries goes round the public API:");
    }

    private static string Listed(string[] projects) => projects.Length == 0 ? "nothing" : string.Join(", ", projects);
}
