using System.CommandLine;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht key</c>: key files.</summary>
internal sealed class KeyGroup : Command
{
    internal KeyGroup(Terminal terminal)
        : base("key", "Key files: the Ed25519 seed that signs mutable items.")
    {
        Add(new KeyNewVerb(terminal));
        Add(new KeyShowVerb(terminal));
    }
}
