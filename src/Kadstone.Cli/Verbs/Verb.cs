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
        SetAction(RunToEndAsync);
    }

    /// <summary>Command lines that work when copied, but for their placeholders.</summary>
    internal IReadOnlyList<string> Examples { get; }

    protected Terminal Terminal { get; }

    /// <summary>Whether it goes on when nobody reads its results any more, as a node does that serves others.</summary>
    protected virtual bool OutlivesItsReader => false;

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken);

    private async Task<int> RunToEndAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (OutlivesItsReader)
        {
            return await RunAsync(arguments, cancellationToken);
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Terminal.ReaderLeft = either.Cancel;
        try
        {
            return await RunAsync(arguments, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return ExitCode.Found;
        }
        finally
        {
            Terminal.ReaderLeft = null;
        }
    }
}
