using Mono.Cecil;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>The assemblies of src/ as compiled, read and not loaded.</summary>
internal static class Assemblies
{
    private static readonly Lazy<IReadOnlyDictionary<string, ModuleDefinition>> s_modules = new(() =>
        Repository.Projects("src/").ToDictionary(ProjectName, project => Open(AssemblyName(ProjectName(project)))));

    /// <summary>By the name of the project.</summary>
    public static IReadOnlyDictionary<string, ModuleDefinition> All => s_modules.Value;

    /// <summary>Those that are packages for others: all but the command.</summary>
    public static IEnumerable<string> Libraries => Repository.Projects("src/").Select(ProjectName).Where(name => name != "Kadstone.Cli");

    public static ModuleDefinition OwnTests { get; } = Open("Kadstone.Architecture.Tests");

    public static string ProjectName(string path) => Path.GetFileNameWithoutExtension(path);

    public static string AssemblyName(string project) => project == "Kadstone.Cli" ? "dht" : project;

    public static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    /// <summary>Every type of a module, nested ones and the compiler's own included.</summary>
    public static IEnumerable<TypeDefinition> AllTypes(this ModuleDefinition module) => module.Types.SelectMany(WithNested);

    public static IEnumerable<TypeDefinition> WithNested(this TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    /// <summary>Whether the compiler made it up: a closure, a state machine, a buffer.</summary>
    public static bool IsMadeUp(this MemberReference member) => member.Name.Contains('<', StringComparison.Ordinal);

    /// <summary>The member as its author knows it: closures and state machines count for the method that they came from.</summary>
    public static string AuthoredName(this MethodDefinition method)
    {
        TypeDefinition type = method.DeclaringType;
        string name = method.Name;
        while (type.IsMadeUp() && type.DeclaringType is not null)
        {
            name = type.Name.StartsWith("<>", StringComparison.Ordinal) ? name : type.Name;
            type = type.DeclaringType;
        }

        int from = name.IndexOf('<', StringComparison.Ordinal);
        int to = name.IndexOf('>', StringComparison.Ordinal);
        string authored = from >= 0 && to > from + 1 ? name[(from + 1)..to] : name;
        return $"{type.FullName}.{authored}".Replace("..", ".", StringComparison.Ordinal);
    }

    private static ModuleDefinition Open(string assembly)
    {
        File.Exists(PathOf(assembly)).ShouldBeTrue(
            $"{assembly}.dll is not beside the architecture tests: each project of src/ must be referenced by tests/Kadstone.Architecture.Tests, so that its rules hold there too.");
        DefaultAssemblyResolver resolver = new();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        return ModuleDefinition.ReadModule(PathOf(assembly), new ReaderParameters { AssemblyResolver = resolver });
    }
}
