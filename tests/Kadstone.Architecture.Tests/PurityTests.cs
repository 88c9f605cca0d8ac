using Kadstone.Architecture.Tests.Reading;
using Mono.Cecil;

namespace Kadstone.Architecture.Tests;

/// <summary>No clock, chance, thread, lock, socket or logger in the core: the purity line of ARCHITECTURE.md.</summary>
public sealed class PurityTests
{
    /// <summary>Folders whose every type is pure; .editorconfig names the same for the analyzer.</summary>
    public static TheoryData<string> PureFolders =>
    [
        "src/Kadstone.Kademlia/", "src/Kadstone.Datagrams/Core/", "src/Kadstone.Mainline/Core/", "src/Kadstone.Mainline/Wire/",
        "src/Kadstone.Hyperswarm/Core/", "src/Kadstone.Hyperswarm/Wire/", "src/Kadstone.Libp2p/Core/", "src/Kadstone.Libp2p/Wire/",
        "src/Kadstone.Ipfs/Core/", "src/Kadstone.Ipfs/Wire/",
    ];

    [Theory]
    [MemberData(nameof(PureFolders))]
    public void The_core_is_pure(string folder)
    {
        TypeDefinition[] types = TypesOf(folder);
        types.Length.ShouldBeGreaterThan(5, $"{folder} holds the core; few types there mean that the test looks in the wrong place");
        types.SelectMany(Purity.Breaches).ShouldBeNone($"{folder} must be pure:");
    }

    [Fact]
    public void All_of_Kademlia_is_pure_also_what_the_compiler_made() =>
        Assemblies.All["Kadstone.Kademlia"].Types.SelectMany(Purity.Breaches).ShouldBeNone("Kadstone.Kademlia must be pure:");

    [Theory]
    [MemberData(nameof(PureFolders))]
    public void A_pure_type_leans_on_no_impure_one_of_ours(string folder)
    {
        HashSet<string> impure = [.. Assemblies.All.Values.SelectMany(module => module.Types).Where(type => Purity.Breaches(type).Any()).Select(type => type.FullName)];
        HashSet<string> pure = [.. TypesOf(folder).Select(type => type.FullName)];
        impure.ShouldContain("Kadstone.Mainline.MainlineDht", "the facade is where the time passes");
        (from type in TypesOf(folder)
         from used in Purity.TypesUsed(type)
         where impure.Contains(used) && !pure.Contains(used)
         select $"{type.FullName} uses {used}")
        .Distinct()
        .ShouldBeNone($"{folder} must be pure, and these types that it uses are not:");
    }

    [Theory]
    [MemberData(nameof(PureFolders))]
    public void The_analyzer_guards_the_same_folder(string folder)
    {
        string editorConfig = Repository.Read(".editorconfig").Replace("Mainline/{Wire,Core}/", folder[4..].Replace("Kadstone.", "", StringComparison.Ordinal), StringComparison.Ordinal);
        editorConfig.ShouldMatch(
            $@"\[{folder}\*\*\.cs\]\s+dotnet_diagnostic\.RS0030\.severity = error",
            $".editorconfig must make RS0030 an error in {folder}: the compiler finds a banned symbol before this test does");
    }

    [Theory]
    [InlineData(typeof(Impurities.Locks))]
    [InlineData(typeof(Impurities.LocksALock))]
    [InlineData(typeof(Impurities.Interlocks))]
    [InlineData(typeof(Impurities.KeepsATask))]
    [InlineData(typeof(Impurities.ReturnsAValueTask))]
    [InlineData(typeof(Impurities.Awaits))]
    [InlineData(typeof(Impurities.TakesACancellationToken))]
    [InlineData(typeof(Impurities.KeepsATimer))]
    [InlineData(typeof(Impurities.KeepsManyTimers))]
    [InlineData(typeof(Impurities.OpensASocket))]
    [InlineData(typeof(Impurities.ReadsTheClock))]
    [InlineData(typeof(Impurities.ReadsTheLocalClock))]
    [InlineData(typeof(Impurities.ReadsTheOffsetClock))]
    [InlineData(typeof(Impurities.TakesATimeProvider))]
    [InlineData(typeof(Impurities.Measures))]
    [InlineData(typeof(Impurities.AsksTheEnvironment))]
    [InlineData(typeof(Impurities.Prints))]
    [InlineData(typeof(Impurities.ReadsAFile))]
    [InlineData(typeof(Impurities.Logs))]
    [InlineData(typeof(Impurities.SharesChance))]
    [InlineData(typeof(Impurities.MakesChance))]
    [InlineData(typeof(Impurities.DrawsSecrets))]
    [InlineData(typeof(Impurities.MakesAGuid))]
    [InlineData(typeof(Impurities.HidesItInAClosure))]
    [InlineData(typeof(Impurities.HidesItInAnIterator))]
    [InlineData(typeof(Impurities.HidesItInATypeArgument))]
    [InlineData(typeof(Impurities.Inherits))]
    [InlineData(typeof(Impurities.Constrains<>))]
    public void The_checker_finds(Type impure) => Purity.Breaches(InOwnTests(impure)).ShouldNotBeEmpty();

    [Fact]
    public void The_checker_lets_innocent_code_be() => Purity.Breaches(InOwnTests(typeof(Impurities.Innocent))).ShouldBeEmpty();

    [Fact]
    public void What_it_finds_is_named_with_its_method() =>
        Purity.Breaches(InOwnTests(typeof(Impurities.HidesItInAClosure))).ShouldHaveSingleItem()
            .ShouldBe("Kadstone.Architecture.Tests.Impurities/HidesItInAClosure.Clock uses System.DateTime.get_UtcNow: the core is handed an Instant");

    private static TypeDefinition InOwnTests(Type type) => Assemblies.OwnTests.GetType(type.FullName!.Replace('+', '/'));

    // By source: the compiled type does not know its folder when it has no method. A type that is not found fails rather than passes.
    private static TypeDefinition[] TypesOf(string folder)
    {
        ModuleDefinition module = Assemblies.All[folder.Split('/')[1]];
        return
        [
            .. from path in Repository.Sources(folder)
               from declaration in SourceText.Of(path).Types
               group path by declaration.FullName into type
               select module.GetType(type.Key) ?? throw new InvalidOperationException($"{type.First()} declares {type.Key}, which is not in {module.Name}: is the build older than the source?"),
        ];
    }
}
