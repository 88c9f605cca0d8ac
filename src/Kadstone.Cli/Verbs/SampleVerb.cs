using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht mainline sample</c>: infohashes that nodes store (BEP 51).</summary>
internal sealed class SampleVerb : ClientVerb
{
    private readonly Argument<SampleTopic?> _topic =
        CommonOptions.Argument("KEY|HOST:PORT", "Where in the keyspace, 40 hexadecimal digits, or one node to ask. Default: a random key.", text => (SampleTopic?)SampleTopic.Parse(text));

    private readonly Option<string?> _node = CommonOptions.Create("--node", "HOST:PORT", "Ask this node only.", text => (string?)Endpoints.HostAndPort(text));
    private readonly Option<int?> _count = CommonOptions.Count("infohashes");

    internal SampleVerb(Terminal terminal)
        : base(
            terminal,
            "sample",
            "Samples the infohashes that nodes store.",
            "dht mainline sample --count 100",
            "dht mainline sample --node 127.77.1.1:6881 --private -o json")
    {
        _topic.Arity = ArgumentArity.ZeroOrOne;
        Add(_topic);
        Add(_node);
        Add(_count);
    }

    protected override bool AsksNamedNodesOnly(ParseResult arguments) => NodeOf(arguments) is not null;

    protected override async Task<int> AskAsync(MainlineDht dht, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        int most = arguments.GetValue(_count) ?? int.MaxValue;
        Key160 target = arguments.GetValue(_topic)?.Target ?? Keyspace.Random<Key160>(Random.Shared);
        int found = 0;
        await foreach (Key160 infoHash in SampleAsync(dht, target, arguments, cancellationToken))
        {
            output.Write($"{infoHash}", json => json.WriteString("infohash", infoHash.ToString()));
            found++;
            if (found == most)
            {
                break;
            }
        }

        return Outcomes.Of(found, arguments.GetValue(_count), "infohash", Terminal);
    }

    private IAsyncEnumerable<Key160> SampleAsync(MainlineDht dht, Key160 target, ParseResult arguments, CancellationToken cancellationToken) =>
        NodeOf(arguments) is string node ? SampleNodeAsync(dht, node, target, arguments, cancellationToken) : dht.SampleInfoHashesAsync(target, cancellationToken);

    private async IAsyncEnumerable<Key160> SampleNodeAsync(
        MainlineDht dht,
        string node,
        Key160 target,
        ParseResult arguments,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SampleResult sample = await WithinTimeoutAsync(
            arguments,
            async token => await dht.SampleAsync(await Names.ResolveAsync(node, dht, token), target, token),
            $"Asking {node}",
            cancellationToken);
        foreach (Key160 infoHash in sample.InfoHashes)
        {
            yield return infoHash;
        }
    }

    private string? NodeOf(ParseResult arguments) => arguments.GetValue(_node) ?? arguments.GetValue(_topic)?.Node;
}
