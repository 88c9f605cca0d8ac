using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht key new</c>: a new key file.</summary>
internal sealed class KeyNewVerb : Verb
{
    private readonly Argument<string> _file = CommonOptions.Argument("FILE", "The file to make; it must not be there.", Choices.FilePath);
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal KeyNewVerb(Terminal terminal)
        : base(terminal, "new", "Makes a key file and prints its public key.", "dht key new me.key")
    {
        Add(_file);
        Add(_format);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string path = arguments.GetRequiredValue(_file);
        KeyShowVerb.Print(KeyFile.Create(path), path, new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        return Task.FromResult(ExitCode.Found);
    }
}
