namespace Kadstone.Cli.Tests.Deploy;

/// <summary>The files of deploy/, as the repository has them.</summary>
internal static class UnitFile
{
    internal static string Folder
    {
        get
        {
            DirectoryInfo folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Kadstone.slnx")))
            {
                folder = folder.Parent ?? throw new DirectoryNotFoundException("The repository's root is not above the tests.");
            }

            return Path.Combine(folder.FullName, "deploy");
        }
    }

    /// <summary>The lines of the unit for systemd, by key; a key that stands twice has both.</summary>
    internal static ILookup<string, string> Settings => File.ReadLines(Path.Combine(Folder, "kadstone.service"))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .ToLookup(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    /// <summary>What the unit starts, word by word.</summary>
    internal static string[] Command => Settings["ExecStart"].ShouldHaveSingleItem().Split(' ');
}
