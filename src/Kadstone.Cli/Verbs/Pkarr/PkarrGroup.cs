using System.CommandLine;

namespace Kadstone.Cli.Verbs.Pkarr;

/// <summary><c>dht pkarr</c>: DNS records under a key, in the DHT or through a relay.</summary>
internal sealed class PkarrGroup : Command
{
    internal PkarrGroup(Terminal terminal)
        : base("pkarr", "DNS records that a key signs: pkarr, on the BitTorrent Mainline DHT.")
    {
        Add(new PkarrPublishVerb(terminal));
        Add(new PkarrResolveVerb(terminal));
    }
}
