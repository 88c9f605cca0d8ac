namespace Kadstone.Interop.Tests.Harness;

/// <summary>The npm packages of the Hyperswarm peers, and their scripts. What is not installed skips its tests by name, never silently.</summary>
internal static class HyperPackages
{
    private static readonly Lazy<bool> s_node = new(RunsNode);

    public static string Folder { get; } = Path.Combine(Repository.Peers, "hyper");

    /// <param name="name">As package.json calls it.</param>
    public static void Require(string name)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", name)))
        {
            Assert.Skip($"{name}: npm ci was not run in {Path.GetRelativePath(Repository.Root, Folder)}");
        }

        RequireNode(name);
    }

    /// <param name="name">Who needs it.</param>
    public static void RequireNode(string name)
    {
        if (!s_node.Value)
        {
            Assert.Skip($"{name}: node is not installed");
        }
    }

    private static bool RunsNode()
    {
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("node", "--version") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
