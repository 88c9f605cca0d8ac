using System.CommandLine;

namespace Kadstone.Cli.Verbs.Config;

/// <summary><c>dht config</c>: what <c>dht up</c> is told by files and variables.</summary>
internal sealed class ConfigGroup : Command
{
    internal ConfigGroup(Terminal terminal)
        : base("config", "The configuration of 'dht up': a file, KADSTONE__ variables, options.")
    {
        Add(new ConfigShowVerb(terminal));
        Add(new ConfigInitVerb(terminal));
        Add(new ConfigExplainVerb(terminal));
    }
}
