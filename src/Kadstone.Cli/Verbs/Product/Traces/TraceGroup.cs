using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product.Traces;

/// <summary><c>dht trace</c>: the lookups that the daemon remembers.</summary>
internal sealed class TraceGroup : Command
{
    internal TraceGroup(Terminal terminal)
        : base("trace", "The lookups that the running daemon remembers, the last 200.")
    {
        Add(new TraceLastVerb(terminal));
        Add(new TraceShowVerb(terminal));
        Add(new TraceListVerb(terminal));
    }
}
