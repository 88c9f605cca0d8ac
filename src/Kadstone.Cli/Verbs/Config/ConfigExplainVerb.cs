using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Hosting;

namespace Kadstone.Cli.Verbs.Config;

/// <summary><c>dht config explain</c>: what each setting is for and what it may be.</summary>
internal sealed class ConfigExplainVerb : Verb
{
    private readonly Argument<string?> _key = new("KEY") { HelpName = "KEY", Description = "One setting, such as Mainline:Port. Default: all.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal ConfigExplainVerb(Terminal terminal)
        : base(terminal, "explain", "Explains the settings: what each is for, what is allowed, its default and its variable.", "dht config explain", "dht config explain Mainline:Port")
    {
        Add(_key);
        Add(_format);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        foreach (KadstoneSetting setting in Chosen(arguments.GetValue(_key)))
        {
            output.Write(
                $"{setting.Key}\n    {setting.Description}\n    Allowed: {setting.Allowed.TrimEnd(',')}. Default: {setting.Default}. Variable: {setting.Variable}",
                json =>
                {
                    json.WriteString("key", $"{KadstoneOptions.SectionName}:{setting.Key}");
                    json.WriteString("description", setting.Description);
                    json.WriteString("allowed", setting.Allowed.TrimEnd(','));
                    json.WriteString("default", setting.Default);
                    json.WriteString("variable", setting.Variable);
                });
        }

        return Task.FromResult(ExitCode.Found);
    }

    private static IEnumerable<KadstoneSetting> Chosen(string? key)
    {
        if (key is null)
        {
            return KadstoneSettings.All;
        }

        // As it stands in a file or in a variable.
        string name = key.Replace("__", ":", StringComparison.Ordinal);
        string prefix = KadstoneOptions.SectionName + ":";
        name = name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? name[prefix.Length..] : name;
        return [KadstoneSettings.Find(name) ?? throw CommandFailedException.Usage($"KEY: '{key}' is no setting; 'dht config explain' lists all that are allowed.")];
    }
}
