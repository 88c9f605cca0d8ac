using System.Net;
using System.Runtime.CompilerServices;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline;

/// <summary>Nodes: joining, asking single ones, finding the nearest, sampling what they store.</summary>
public sealed partial class MainlineDht
{
    /// <summary>Joins through a node: asks it, learns its id, and looks up who is near us.</summary>
    /// <param name="node">Where it listens.</param>
    /// <param name="id">Its node id, if known: then only that node counts. Null: the id is learnt from its answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The node, with the id that it answered with.</returns>
    /// <exception cref="NoNetworkException">It did not answer, or with another id.</exception>
    public async Task<NodeContact> ConnectAsync(UdpEndpoint node, Key160? id = null, CancellationToken cancellationToken = default)
    {
        PingResult answer = await AskAsync(KrpcMethod.Ping, default, node, id, Describe, cancellationToken).ConfigureAwait(false);
        _driver.Run((protocol, now) => protocol.AddRouter(node, now));

        // Named as a seed: the table may have no room for it just now, such as when another port of its host stands there.
        await RunAsync(new FindNodeQuery(Id) { AlsoAsk = [answer.Node] }, cancellationToken).ConfigureAwait(false);
        return answer.Node;
    }

    /// <inheritdoc cref="ConnectAsync(UdpEndpoint, Key160?, CancellationToken)"/>
    public Task<NodeContact> ConnectAsync(IPEndPoint node, Key160? id = null, CancellationToken cancellationToken = default) =>
        ConnectAsync(UdpEndpoint.From(node), id, cancellationToken);

    /// <summary>Asks a node whether it is there.</summary>
    /// <exception cref="NoNetworkException">It did not answer.</exception>
    public Task<PingResult> PingAsync(UdpEndpoint node, CancellationToken cancellationToken = default) =>
        AskAsync(KrpcMethod.Ping, default, node, null, Describe, cancellationToken);

    /// <summary>Asks one node for a sample of the infohashes it stores (BEP 51).</summary>
    /// <exception cref="NoNetworkException">It did not answer.</exception>
    /// <exception cref="RejectedException">It answered with an error: it does not know the query.</exception>
    public Task<SampleResult> SampleAsync(UdpEndpoint node, Key160 target = default, CancellationToken cancellationToken = default) =>
        AskAsync(
            KrpcMethod.SampleInfohashes,
            target,
            node,
            null,
            query => new SampleResult(query.Samples, query.SampleTotal, TimeSpan.FromSeconds(query.SampleInterval), query.Contacts),
            cancellationToken);

    /// <summary>Infohashes that nodes near a target store, each once, as they come in: one sample of each node, never before its interval has passed (BEP 51).</summary>
    /// <param name="target">Where in the keyspace; move it to walk the network.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async IAsyncEnumerable<Key160> SampleInfoHashesAsync(Key160 target, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SampleQuery query = new(target, _driver.Run(0, static (protocol, _, _) => protocol.SampleSchedule), backlog: 4_096);
        List<Key160> batch = [];
        await foreach (bool _ in ProgressAsync(query, cancellationToken).ConfigureAwait(false))
        {
            batch.Clear();
            _driver.Run((protocol, _) =>
            {
                while (query.TryTake(out Key160 infoHash))
                {
                    batch.Add(infoHash);
                }

                protocol.Resume();
            });
            foreach (Key160 infoHash in batch)
            {
                yield return infoHash;
            }
        }
    }

    /// <summary>The nodes nearest to a key.</summary>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public async Task<FindNodeResult> FindNodeAsync(Key160 target, CancellationToken cancellationToken = default)
    {
        FindNodeQuery query = new(target);
        await RunAsync(query, cancellationToken).ConfigureAwait(false);
        return _driver.Run(query, static (_, ended, _) =>
        {
            IReadOnlyList<LookupTrace> traces = LookupTrace.Of(ended);
            NodeContact[] closest = [.. traces.SelectMany(trace => trace.Closest).OrderBy(node => node.Id ^ ended.Target)];
            return new FindNodeResult(closest, ended.Outcome(), traces);
        });
    }

    /// <summary>The entries of all routing tables.</summary>
    public IReadOnlyList<TableEntry<NodeContact>> Contacts() =>
        _driver.Run(0, static (protocol, _, _) => protocol.Locals.SelectMany(local => local.Table.Entries).ToArray());

    /// <summary>The routing table of each socket.</summary>
    public IReadOnlyList<TableView<Key160, NodeContact>> Tables() =>
        _driver.Run(0, static (protocol, _, now) => protocol.Locals.Select(local => local.Table.View(now)).ToArray());

    /// <summary>The node at this moment.</summary>
    public MainlineStatus Status()
    {
        DriverCounters counters = _driver.Counters;
        return _driver.Run(0, static (protocol, _, _) => Describe(protocol)) with { BytesReceived = counters.BytesIn, BytesSent = counters.BytesOut };
    }

    internal IReadOnlyList<UdpEndpoint> StoredPeers(Key160 infoHash) => _driver.Run(infoHash, static (protocol, key, now) => protocol.StoredPeers(key, now));

    private static MainlineStatus Describe(MainlineProtocol protocol) => new(
        [.. protocol.Locals.Select(local => local.Id)],
        protocol.Reachability.IsServing,
        protocol.Reachability.IsProven,
        protocol.Locals[0].Votes.Agreed,
        protocol.ContactCount,
        protocol.Peers.KeyCount,
        protocol.Peers.PeerCount,
        protocol.ActiveWalks,
        protocol.UpkeepWalks,
        protocol.OpenRequests,
        protocol.Published.Count,
        protocol.Counters.Received,
        protocol.Counters.Sent,
        protocol.Counters.Queries,
        protocol.Counters.TotalMalformed + protocol.Counters.NotKrpc + protocol.Counters.TooLong,
        protocol.Counters.RateLimited,
        protocol.Counters.Unmatched,
        protocol.Size);

    private static PingResult Describe(DirectQuery query) => new(query.Answerer, query.RoundTrip, query.SeenAs, query.Version);

    private async Task<TResult> AskAsync<TResult>(
        KrpcMethod method,
        Key160 target,
        UdpEndpoint node,
        Key160? id,
        Func<DirectQuery, TResult> describe,
        CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        Signal changed = new();
        DirectQuery query = new(method, target) { Changed = changed.Set };
        _driver.Run((protocol, now) => protocol.Start(query, node, id, now));
        await changed.WaitAsync(any.Token).ConfigureAwait(false);
        return _driver.Run(query, (_, ended, _) => ended.Outcome switch
        {
            DirectOutcome.Answered => describe(ended),
            DirectOutcome.Refused => throw new RejectedException($"{node} answered with error {ended.ErrorCode}.", (KrpcErrorCode)ended.ErrorCode),
            DirectOutcome.NotSent => throw new NoNetworkException($"{node} cannot be asked: the address is not allowed here (a private network needs AddressScope.Private) or fits none of our sockets."),
            _ => throw new NoNetworkException(id is null ? $"{node} did not answer." : $"{node} did not answer as {id}."),
        });
    }
}
