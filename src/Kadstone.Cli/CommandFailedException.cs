namespace Kadstone.Cli;

/// <summary>The command ends here, with a sentence for the user.</summary>
internal sealed class CommandFailedException(int exitCode, string sentence) : Exception(sentence)
{
    internal int ExitCode { get; } = exitCode;

    internal static CommandFailedException Usage(string sentence) => new(Cli.ExitCode.Usage, sentence);
}
