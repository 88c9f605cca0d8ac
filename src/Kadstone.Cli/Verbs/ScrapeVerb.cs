using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline scrape</c>: about how many peers a torrent has (BEP 33).</summary>
internal sealed class ScrapeVerb : ClientVerb
{
    private readonly Argument<Topic> _topic = TopicArguments.Create();

    internal ScrapeVerb(Terminal terminal)
        : base(
            terminal,
            "scrape",
            "Estimates how many seeds and downloaders a torrent has.",
            "dht mainline scrape 2b66980093bc11806fab50cb3cb41835b95a0362",
            "dht mainline scrape 2b66980093bc11806fab50cb3cb41835b95a0362 -o json")
    {
        Add(_topic);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        bool found = false;
        foreach (Key160 infoHash in await TopicArguments.ResolveAsync(dht, arguments.GetRequiredValue(_topic), cancellationToken))
        {
            ScrapeResult result = await dht.ScrapeAsync(infoHash, cancellationToken);
            double seeds = Math.Round(result.Seeds);
            double downloaders = Math.Round(result.Downloaders);
            if (result.Nodes > 0 && seeds + downloaders > 0)
            {
                found = true;
                output.Write($"{infoHash} {seeds:0} seeds {downloaders:0} downloaders", json =>
                {
                    json.WriteString("infohash", infoHash.ToString());
                    json.WriteNumber("seeds", seeds);
                    json.WriteNumber("downloaders", downloaders);
                    json.WriteNumber("nodes", result.Nodes);
                    json.WriteLookup(result.Lookup);
                });
            }
        }

        return Outcomes.Of(found ? 1 : 0, null, "peer", Terminal);
    }
}
