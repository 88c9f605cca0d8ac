using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Reflection;
using Kadstone.Cli.Ipfs;
using Kadstone.Cli.Verbs;
using Kadstone.Cli.Verbs.Config;
using Kadstone.Cli.Verbs.Hyper;
using Kadstone.Cli.Verbs.Pkarr;
using Kadstone.Cli.Verbs.Product;
using Kadstone.Cli.Verbs.Product.Check;
using Kadstone.Cli.Verbs.Product.Records;
using Kadstone.Cli.Verbs.Product.Sim;
using Kadstone.Cli.Verbs.Product.Traces;

namespace Kadstone.Cli;

/// <summary>The whole command: parse, run, and one sentence when something is wrong.</summary>
internal static class CommandLine
{
    // "@name" is a value here, as 'put @letter.txt' has it, and no file of arguments.
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    internal static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        RootCommand root = Build(terminal);
        ParseResult parsed = root.Parse(arguments, s_parser);
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && arguments.Length == Depth(parsed.CommandResult))
        {
            // Nothing was asked for: what could be asked, and the code of a usage error for scripts.
            root.Parse([.. arguments, "--help"], s_parser).Invoke(Configuration(terminal));
            return ExitCode.Usage;
        }

        if (parsed.Errors.Count > 0)
        {
            string name = NameOf(parsed.CommandResult);
            terminal.Complain($"{name}: {Explain(parsed)}");
            terminal.Complain($"Try '{name} --help'.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(Configuration(terminal), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Found;
        }
        catch (IOException exception) when (Terminal.IsUnread(exception))
        {
            // Of a help text that somebody pipes into head.
            return ExitCode.Found;
        }
#pragma warning disable CA1031 // The last resort: whatever it is, the user gets one sentence.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (int code, string sentence) = Failure.Of(exception);
            terminal.Complain($"{NameOf(parsed.CommandResult)}: {sentence}");
            return code;
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        RootCommand root = new("One DHT node: BitTorrent Mainline, Hyperswarm and IPFS, and the questions one can ask the networks.")
        {
            new UpVerb(terminal),
            new StatusVerb(terminal),
            new CheckVerb(terminal),
            new TraceGroup(terminal),
            new TableVerb(terminal),
            new SizeVerb(terminal),
            new RecordsGroup(terminal),
            new DevnetVerb(terminal),
            new MainlineGroup(terminal),
            new HyperGroup(terminal),
            new IpfsGroup(terminal),
            new PkarrGroup(terminal),
            new KeyGroup(terminal),
            new ConfigGroup(terminal),
            new CompletionVerb(terminal),
        };
        foreach (Option option in root.Options)
        {
            if (option is VersionOption version)
            {
                version.Description = "Shows the version.";
                version.Action = new VersionAction();
            }
            else if (option is HelpOption help && help.Action is HelpAction action)
            {
                help.Description = "Shows this.";
                help.Action = new HelpWithExamples(action);
            }
        }

        return root;
    }

    private static InvocationConfiguration Configuration(Terminal terminal) => new()
    {
        Output = terminal.Output,
        Error = terminal.Error,
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
    };

    private static string Explain(ParseResult parsed)
    {
        ParseError error = parsed.Errors.FirstOrDefault(error => error.SymbolResult is not CommandResult) ?? parsed.Errors[0];
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0 && error.SymbolResult is null or CommandResult)
        {
            string token = parsed.UnmatchedTokens[0];
            bool isOption = token.StartsWith('-') && token.Length > 1;
            return command.Subcommands.Count > 0 && !isOption
                ? $"there is no '{token}'; there are {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}."
                : isOption
                ? $"there is no option '{token}'; there are {string.Join(", ", command.Options.Select(option => option.Name).Order(StringComparer.Ordinal))}."
                : $"'{token}' is one argument too many; the verb takes {Describe(command.Arguments)}.";
        }

        return error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} needs a value: {option.Option.HelpName ?? "see --help"}.",
            OptionResult { Option.Arity.MaximumNumberOfValues: 1, Tokens.Count: > 1 } option =>
                $"{option.Option.Name} was given {option.Tokens.Count} values ({string.Join(", ", option.Tokens.Select(token => $"'{token.Value}'"))}); one is allowed.",
            ArgumentResult { Tokens.Count: 0 } or CommandResult or null when command.Arguments.Count > 0 && error.Message.StartsWith("Required", StringComparison.Ordinal) =>
                $"an argument is missing; the verb takes {Describe(command.Arguments)}.",
            _ => error.Message,
        };
    }

    private static string Describe(IList<Argument> arguments) =>
        arguments.Count == 0 ? "none" : string.Join(" ", arguments.Select(argument => argument.HelpName ?? argument.Name));

    private static int Depth(CommandResult result) => result.Parent is CommandResult parent ? Depth(parent) + 1 : 0;

    private static string NameOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{NameOf(parent)} {result.Command.Name}" : "dht";

    internal static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
