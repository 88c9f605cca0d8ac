using System.CommandLine;

namespace Kadstone.Cli.Verbs;

internal sealed class UpVerb : Verb
{
    internal UpVerb(Terminal terminal)
        : base(terminal, "up", "later")
    {
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken) => Task.FromResult(1);
}
