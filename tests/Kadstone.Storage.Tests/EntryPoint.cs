using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Kadstone.Storage.Tests;

/// <summary>Runs the tests as xunit's generated entry point does, or the writer that <see cref="SqliteCrashTests"/> kills.</summary>
internal static class EntryPoint
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [KillableWriter.Verb, string path])
        {
            return await KillableWriter.RunAsync(path);
        }

        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
