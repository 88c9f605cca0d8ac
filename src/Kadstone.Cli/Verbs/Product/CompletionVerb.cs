using System.CommandLine;
using Kadstone.Cli.Parsing;

namespace Kadstone.Cli.Verbs.Product;

/// <summary><c>dht completion</c>: a script with which a shell completes the command.</summary>
internal sealed class CompletionVerb : Verb
{
    private readonly Argument<string?> _shell = CommonOptions.Argument("SHELL", "bash, zsh or fish.", Shell);

    internal CompletionVerb(Terminal terminal)
        : base(
            terminal,
            "completion",
            "Prints a script with which a shell completes verbs, options and their values.",
            "source <(dht completion bash)",
            "dht completion zsh > ~/.zfunc/_dht",
            "dht completion fish > ~/.config/fish/completions/dht.fish")
    {
        _shell.HelpName = "bash|zsh|fish";
        Add(_shell);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        CompletionTree tree = CompletionTree.Of(arguments.RootCommandResult.Command);
        IEnumerable<string> lines = arguments.GetRequiredValue(_shell) switch
        {
            "zsh" => CompletionScripts.Zsh(tree),
            "fish" => CompletionScripts.Fish(tree),
            _ => CompletionScripts.Bash(tree),
        };
        foreach (string line in lines)
        {
            Terminal.WriteLine(line);
        }

        return Task.FromResult(ExitCode.Found);
    }

    private static string? Shell(string text) => text is "bash" or "zsh" or "fish" ? text : throw new FormatException("is no shell that is known; bash, zsh and fish are");
}
