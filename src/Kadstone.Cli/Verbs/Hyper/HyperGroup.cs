using System.CommandLine;

namespace Kadstone.Cli.Verbs.Hyper;

/// <summary><c>dht hyper</c>: a node of Hyperswarm's DHT, and what can be asked of the network, on either wire.</summary>
internal sealed class HyperGroup : Command
{
    internal HyperGroup(Terminal terminal)
        : base("hyper", "The DHT of Hyperswarm.")
    {
        Add(new HyperNodeVerb(terminal));
        Add(new HyperBootstrapVerb(terminal));
        Add(new HyperLookupVerb(terminal));
        Add(new HyperAnnounceVerb(terminal));
        Add(new HyperUnannounceVerb(terminal));
        Add(new HyperPingVerb(terminal));
        Add(new HyperQueryVerb(terminal, commits: false));
        Add(new HyperQueryVerb(terminal, commits: true));
        Add(new HyperGetVerb(terminal));
        Add(new HyperPutVerb(terminal, isSigned: false));
        Add(new HyperPutVerb(terminal, isSigned: true));
        Add(new HyperHolepunchVerb(terminal));
    }
}
