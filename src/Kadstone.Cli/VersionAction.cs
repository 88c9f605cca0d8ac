using System.CommandLine;
using System.CommandLine.Invocation;

namespace Kadstone.Cli;

/// <summary>One line: the name and the version.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"dht {CommandLine.Version}");
        return ExitCode.Found;
    }
}
