using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs.Product.Embedding;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>A verb that asks the daemon that runs, or with <c>--embed</c> a node that is started for the question.</summary>
internal abstract class DaemonVerb : Verb
{
    private readonly DaemonOptions _daemon;
    private readonly EmbedOptions _embed;
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    protected DaemonVerb(Terminal terminal, string name, string description, params string[] examples)
        : base(terminal, name, description, examples)
    {
        _daemon = new DaemonOptions(this);
        _embed = new EmbedOptions(this, "How long a node of its own may take to join and to look something up");
        Add(_format);
    }

    /// <summary>What a node of its own can say.</summary>
    protected abstract EmbeddedUse Embedded { get; }

    /// <summary>In which networks a node of its own is needed.</summary>
    protected virtual IReadOnlyList<string> Networks(ParseResult arguments) => NetworkArguments.All;

    protected abstract Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken);

    protected sealed override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        try
        {
            using DaemonClient? daemon = Find(arguments);
            if (daemon is not null)
            {
                return await AskAsync(daemon, arguments, output, cancellationToken);
            }

            await using EmbeddedDaemon embedded = await _embed.StartJoinedAsync(Networks(arguments), arguments, Terminal, cancellationToken);
            return await AskAsync(embedded.Client, arguments, output, cancellationToken);
        }
        finally
        {
            Terminal.EndProgress();
        }
    }

    /// <summary>The daemon; null: a node of its own is to be asked.</summary>
    private DaemonClient? Find(ParseResult arguments)
    {
        if (_embed.AreGiven(arguments, _daemon))
        {
            return Embedded != EmbeddedUse.Never
                ? null
                : throw CommandFailedException.Usage("a node that is started for the question remembers no earlier lookup; 'dht trace last --embed' shows how one looks up something, and a daemon remembers 200.");
        }

        DaemonClient? daemon = _daemon.Find(arguments, out string why);
        if (daemon is null)
        {
            if (_daemon.AreGiven(arguments) || Embedded != EmbeddedUse.WhenAlone)
            {
                throw new CommandFailedException(ExitCode.NoNetwork, why);
            }

            Terminal.Complain($"dht: {why.TrimEnd('.')}; a node of its own asks instead.");
        }

        return daemon;
    }
}
