using System.CommandLine;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline</c>: a node, and what can be asked of the network.</summary>
internal sealed class MainlineGroup : Command
{
    internal MainlineGroup(Terminal terminal)
        : base("mainline", "The BitTorrent Mainline DHT.")
    {
        Aliases.Add("bt");
        Add(new NodeVerb(terminal));
        Add(new PeersVerb(terminal));
        Add(new AnnounceVerb(terminal));
        Add(new PingVerb(terminal));
        Add(new FindNodeVerb(terminal));
        Add(new GetVerb(terminal));
        Add(new PutVerb(terminal, isSigned: false));
        Add(new PutVerb(terminal, isSigned: true));
        Add(new ScrapeVerb(terminal));
        Add(new SampleVerb(terminal));
        Add(new TraceVerb(terminal));
    }
}
