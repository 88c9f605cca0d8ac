using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline find-node</c>: the nodes nearest to a key.</summary>
internal sealed class FindNodeVerb : ClientVerb
{
    private readonly Argument<Key160?> _key = CommonOptions.Argument("KEY", "40 hexadecimal digits.", Keys.Target);
    private readonly Option<int?> _min = CommonOptions.Min("fewer than N nodes were found");

    internal FindNodeVerb(Terminal terminal)
        : base(
            terminal,
            "find-node",
            "Finds the nodes nearest to a key.",
            "dht mainline find-node 2b66980093bc11806fab50cb3cb41835b95a0362",
            "dht mainline find-node 2b66980093bc11806fab50cb3cb41835b95a0362 --min 8 -o json")
    {
        Add(_key);
        Add(_min);
    }

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        Key160 key = arguments.GetRequiredValue(_key) ?? default;
        FindNodeResult found = await dht.FindNodeAsync(key, cancellationToken);
        foreach (NodeContact node in found.Closest)
        {
            int sharedBits = (node.Id ^ key).LeadingZeroCount;
            output.Write($"{node.Id} {node.Endpoint}", json =>
            {
                json.WriteString("id", node.Id.ToString());
                json.WriteString("endpoint", node.Endpoint.ToString());
                json.WriteNumber("shared_bits", sharedBits);
            });
        }

        return Outcomes.Of(found.Closest.Count, arguments.GetValue(_min), "node", Terminal);
    }
}
