namespace Kadstone.Interop.Tests.Harness;

/// <summary>Where the scripts of the peers and our built command lie.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Peers { get; } = Path.Combine(Root, "tests", "Kadstone.Interop.Tests", "peers");

    /// <summary>Our command in the configuration that these tests were built in.</summary>
    public static string DhtCommand { get; } = Path.Combine(Root, "src", "Kadstone.Cli", "bin", Configuration, "net10.0", "dht.dll");

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Kadstone.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException($"Kadstone.slnx is in no folder above {AppContext.BaseDirectory}");
    }
}
