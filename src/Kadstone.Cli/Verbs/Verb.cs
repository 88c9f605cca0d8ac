using System.CommandLine;

namespace Kadstone.Cli.Verbs;

/// <summary>A verb of the command: its options, its examples, what it does.</summary>
internal abstract class Verb : Command
{
    protected Verb(Terminal terminal, string name, string description, params string[] examples)
        : base(name, description)
    {
        Terminal = terminal;
        Examples = examples;
        SetAction(RunAsync);
    }

    /// <summary>Command lines that work when copied, but for their placeholders.</summary>
    internal IReadOnlyList<string> Examples { get; }

    protected Terminal Terminal { get; }

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken);
}
