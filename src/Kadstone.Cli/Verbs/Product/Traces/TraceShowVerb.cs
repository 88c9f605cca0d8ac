using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Verbs.Product.Embedding;

namespace Kadstone.Cli.Verbs.Product.Traces;

/// <summary><c>dht trace show</c>: one lookup, step by step.</summary>
internal sealed class TraceShowVerb : DaemonVerb
{
    private readonly Argument<string> _id = CommonOptions.Argument("ID", "The lookup's number, as 'dht trace ls' lists it.", Id);

    internal TraceShowVerb(Terminal terminal)
        : base(terminal, "show", "Shows one lookup as 'last' shows the newest.", "dht trace show 17", "dht trace show 17 -o json") => Add(_id);

    protected override EmbeddedUse Embedded => EmbeddedUse.Never;

    protected override Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken) =>
        Trace.ShowAsync(daemon, arguments.GetRequiredValue(_id), Terminal, output, cancellationToken);

    private static string Id(string text) =>
        text.Length is > 0 and <= 20 && text.All(char.IsAsciiDigit) ? text : throw new FormatException("is no number of a lookup; 'dht trace ls' lists them");
}
