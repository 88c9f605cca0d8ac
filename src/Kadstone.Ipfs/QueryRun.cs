using System.Runtime.CompilerServices;
using Kadstone.Ipfs.Core;

namespace Kadstone.Ipfs;

/// <summary>One operation as a query in each DHT of a node. Enumerating its events drives it; disposing leaves it.</summary>
internal sealed class QueryRun : IDisposable
{
    private readonly Wake _wake = new();
    private readonly List<(KadNode Node, KadQuery Query)> _queries = [];

    internal QueryRun(IEnumerable<KadNode> nodes, Func<KadNode, KadQuery> make)
    {
        foreach (KadNode node in nodes)
        {
            KadQuery query = make(node);
            node.Start(query, _wake);
            _queries.Add((node, query));
        }
    }

    /// <summary>Whether there was nobody to ask in any DHT.</summary>
    internal bool HadNobody => All(query => query.HadNobody).All(had => had);

    internal IEnumerable<T> All<T>(Func<KadQuery, T> read) => _queries.Select(pair => pair.Node.Read(pair.Query, read));

    internal int Sum(Func<KadQuery, int> read) => All(read).Sum();

    /// <summary>What happens, until all queries are done.</summary>
    internal async IAsyncEnumerable<QueryEvent> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<QueryEvent> events = [];
        bool isDone = false;
        while (!isDone)
        {
            _queries.ForEach(pair => pair.Node.Await(pair.Query));
            await _wake.WaitAsync(cancellationToken).ConfigureAwait(false);
            isDone = true;
            foreach ((KadNode node, KadQuery query) in _queries)
            {
                isDone &= node.Take(query, events);
            }

            foreach (QueryEvent happened in events)
            {
                yield return happened;
            }

            events.Clear();
        }
    }

    public void Dispose() => _queries.ForEach(pair => pair.Node.Leave(pair.Query));
}
