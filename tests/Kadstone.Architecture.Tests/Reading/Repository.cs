using System.Diagnostics;
using System.Xml.Linq;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>The files of the repository, by their path from its root with forward slashes.</summary>
internal static class Repository
{
    private static readonly string[] s_builtFolders = [".git", "bin", "obj", "node_modules", "artifacts", "data", "TestResults", "__pycache__"];
    private static readonly Lazy<IReadOnlyList<string>> s_files = new(ListFiles);

    public static string Root { get; } = FindRoot();

    /// <summary>Every file that is ours: what git tracks, or what lies outside the built folders where there is no git.</summary>
    public static IReadOnlyList<string> Files => s_files.Value;

    /// <summary>The C# files below a folder such as <c>src/</c>.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Files.Where(path => path.StartsWith(folder, StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<string> Projects(string folder) =>
        Files.Where(path => path.StartsWith(folder, StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Absolute(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(Absolute(path));

    public static XDocument ReadXml(string path) => XDocument.Parse(Read(path));

    /// <summary>Whether a file or a folder is there, be it tracked yet or not.</summary>
    public static bool Has(string path) => Path.Exists(Absolute(path));

    /// <summary>The line of a position in a text, from 1.</summary>
    public static int LineOf(string text, int position) => text.AsSpan(0, position).Count('\n') + 1;

    private static IReadOnlyList<string> ListFiles()
    {
        // What git tracks may be gone from the folder: a deletion that is not committed yet.
        IEnumerable<string> all = AskGit()?.Where(path => File.Exists(Absolute(path)))
            ?? Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Where(path => !path.Split('/').Any(s_builtFolders.Contains));
        return [.. all.Order(StringComparer.Ordinal)];
    }

    private static string[]? AskGit()
    {
        if (!Has(".git"))
        {
            return null;
        }

        try
        {
            using Process? git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"]) { WorkingDirectory = Root, RedirectStandardOutput = true });
            string? paths = git?.StandardOutput.ReadToEnd();
            git?.WaitForExit();
            return git?.ExitCode == 0 ? paths?.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kadstone.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"Kadstone.slnx is in no folder above {AppContext.BaseDirectory}");
    }
}
