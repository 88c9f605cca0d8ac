using System.Diagnostics;
using System.Globalization;

namespace Kadstone.Cli.Tests;

/// <summary>The command as a .NET tool: packed from the build under test, installed into a folder, run from there.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task The_packed_tool_installs_and_helps()
    {
        using TemporaryFolder folder = new();
        DirectoryInfo build = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string configuration = build.Parent!.Name;
        DirectoryInfo? root = build;
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Kadstone.slnx")))
        {
            root = root.Parent;
        }

        Assert.SkipWhen(root is null, "the tests do not run from within the repository");

        // A version of its own: the package cache of this machine may hold another build of the same one.
        string version = string.Create(CultureInfo.InvariantCulture, $"0.0.1-test{Environment.ProcessId}");
        string project = Path.Combine(root!.FullName, "src", "Kadstone.Cli");
        await RunAsync("dotnet", "pack", project, "-c", configuration, "--no-build", "-o", folder["packed"], $"-p:PackageVersion={version}");
        await RunAsync("dotnet", "tool", "install", "kadstone", "--version", version, "--tool-path", folder["tool"], "--source", folder["packed"]);
        string help = await RunAsync(Path.Combine(folder["tool"], "dht"), "hyper", "node", "--help");
        foreach (string option in (string[])["-b, --bootstrap", "-p, --port", "--quiet", "--wire", "--persistent", "--ephemeral", "Examples:"])
        {
            help.ShouldContain(option);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{await output}\n{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
