using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Kadstone.Storage.Tests;

/// <summary>Runs the tests as xunit's generated entry point does, or the writer that crash tests kill.</summary>
internal static class EntryPoint
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [KillableWriter.Verb or KillableWriter.PostgresVerb, string place])
        {
            return await KillableWriter.RunAsync(args[0], place);
        }

        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
