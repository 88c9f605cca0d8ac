using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>A verb that asks the daemon that runs.</summary>
internal abstract class DaemonVerb : Verb
{
    private readonly DaemonOptions _daemon;
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected DaemonVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        _daemon = new DaemonOptions(this);
        Add(_format);
    }

    protected abstract Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using DaemonClient daemon = _daemon.Require(arguments);
        try
        {
            return await AskAsync(daemon, arguments, new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json), cancellationToken);
        }
        finally
        {
            Terminal.EndProgress();
        }
    }
}
