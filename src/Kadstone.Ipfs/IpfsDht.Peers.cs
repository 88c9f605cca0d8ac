using System.Runtime.CompilerServices;
using Kadstone.Ipfs.Core;
using Kadstone.Kademlia;


namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Finds where a peer is: at once when we are connected, else by asking ever closer peers.</summary>
    /// <exception cref="PeerNotFoundException">Nobody knows, or no address leads there.</exception>
    public async Task<PeerInfo> FindPeerAsync(PeerId id, FindPeerOptions? options = null, CancellationToken cancellationToken = default)
    {
        PeerInfo? found = null;
        await foreach (QueryEvent happened in FindPeerEventsAsync(id, options, cancellationToken).ConfigureAwait(false))
        {
            found = happened is { Type: QueryEventType.FinalPeer, Responses: [PeerInfo peer] } ? peer : found;
        }

        return found ?? throw new PeerNotFoundException(id);
    }

    /// <inheritdoc cref="FindPeerAsync(PeerId, FindPeerOptions?, CancellationToken)"/>
    /// <param name="id">Any text of a peer id: base58, or a CID.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">The text is no peer id.</exception>
    public Task<PeerInfo> FindPeerAsync(string id, FindPeerOptions? options = null, CancellationToken cancellationToken = default) =>
        FindPeerAsync(PeerId.Parse(id), options, cancellationToken);

    /// <inheritdoc cref="FindPeerAsync(PeerId, FindPeerOptions?, CancellationToken)"/>
    /// <param name="id">A peer id as a CID, codec libp2p-key.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The CID is no peer's.</exception>
    public Task<PeerInfo> FindPeerAsync(Cid id, FindPeerOptions? options = null, CancellationToken cancellationToken = default) =>
        FindPeerAsync(PeerOf(id), options, cancellationToken);

    /// <summary>What happens while a peer is sought; the last <see cref="QueryEventType.FinalPeer"/> has it as its response.</summary>
    /// <exception cref="PeerNotFoundException">Nobody knows, or no address leads there: thrown after the last event.</exception>
    public IAsyncEnumerable<QueryEvent> FindPeerEventsAsync(PeerId id, FindPeerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return GuardAsync(token => SeekAsync(id, options?.MustBeReached ?? true, token), options, cancellationToken);
    }

    /// <summary>Finds the peers closest to a peer, as the streaming form of <see cref="FindClosestPeersAsync(PeerId, DhtOperationOptions?, CancellationToken)"/>:
    /// each of them is a <see cref="QueryEventType.FinalPeer"/>, nearest first.</summary>
    public IAsyncEnumerable<QueryEvent> QueryAsync(PeerId id, DhtOperationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return GuardAsync(token => ApproachAsync(id.Bytes, token), options, cancellationToken);
    }

    /// <inheritdoc cref="QueryAsync(PeerId, DhtOperationOptions?, CancellationToken)"/>
    /// <exception cref="FormatException">The text is no peer id.</exception>
    public IAsyncEnumerable<QueryEvent> QueryAsync(string id, DhtOperationOptions? options = null, CancellationToken cancellationToken = default) =>
        QueryAsync(PeerId.Parse(id), options, cancellationToken);

    /// <inheritdoc cref="QueryAsync(PeerId, DhtOperationOptions?, CancellationToken)"/>
    /// <exception cref="ArgumentException">The CID is no peer's.</exception>
    public IAsyncEnumerable<QueryEvent> QueryAsync(Cid id, DhtOperationOptions? options = null, CancellationToken cancellationToken = default) =>
        QueryAsync(PeerOf(id), options, cancellationToken);

    /// <summary>The peers closest to a peer that answered, nearest first, at most 20.</summary>
    /// <exception cref="NoPeersException">There is nobody to ask.</exception>
    public Task<IReadOnlyList<PeerInfo>> FindClosestPeersAsync(PeerId id, DhtOperationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return FindClosestPeersAsync(id.Bytes, options, cancellationToken);
    }

    /// <summary>The peers closest to any key that answered, nearest first, at most 20. The key is hashed: a multihash for content, a whole record key for a value.</summary>
    /// <exception cref="NoPeersException">There is nobody to ask.</exception>
    public async Task<IReadOnlyList<PeerInfo>> FindClosestPeersAsync(ReadOnlyMemory<byte> key, DhtOperationOptions? options = null, CancellationToken cancellationToken = default)
    {
        Dictionary<PeerId, PeerInfo> closest = [];
        await foreach (QueryEvent happened in GuardAsync(token => ApproachAsync(key, token), options, cancellationToken).ConfigureAwait(false))
        {
            if (happened is { Type: QueryEventType.FinalPeer, Responses: [PeerInfo peer] })
            {
                closest[peer.Id] = peer;
            }
        }

        Key256 target = PeerContact.KeyOf(key.Span);
        return [.. closest.Values.OrderBy(peer => PeerContact.KeyOf(peer.Id.Bytes.Span) ^ target).Take(Width)];
    }

    private async IAsyncEnumerable<QueryEvent> ApproachAsync(ReadOnlyMemory<byte> key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using QueryRun run = Run(node => node.NewQuery(KadQueryKind.ClosestPeers, key));
        await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return happened;
        }

        if (run.HadNobody)
        {
            throw NobodyToAsk();
        }
    }

    private async IAsyncEnumerable<QueryEvent> SeekAsync(PeerId id, bool mustBeReached, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (KnownAndConnected(id) is PeerInfo connected)
        {
            yield return new QueryEvent(QueryEventType.FinalPeer, id, [connected], "");
            yield break;
        }

        using QueryRun run = Run(node => node.NewQuery(KadQueryKind.FindPeer, id.Bytes));
        HashSet<Multiaddr> tried = [];
        PeerUnreachableException? failure = null;
        await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return happened;
            Multiaddr[] news = [.. run.All(query => query.Sightings.ToArray()).SelectMany(sightings => sightings).Distinct().Where(tried.Add)];
            if (news.Length == 0 && !run.All(query => query.IsTargetReached).Any(reached => reached))
            {
                continue;
            }

            (PeerInfo? found, failure) = await ReachAsync(new PeerInfo(id, news), mustBeReached, cancellationToken).ConfigureAwait(false);
            if (found is not null)
            {
                yield return new QueryEvent(QueryEventType.FinalPeer, id, [found], "");
                yield break;
            }
        }

        throw run.HadNobody ? NobodyToAsk() : new PeerNotFoundException(id, failure);
    }

    private async Task<(PeerInfo? Found, PeerUnreachableException? Failure)> ReachAsync(PeerInfo peer, bool mustBeReached, CancellationToken cancellationToken)
    {
        if (!mustBeReached)
        {
            return (peer, null);
        }

        try
        {
            await Host.ConnectAsync(peer, cancellationToken).ConfigureAwait(false);
            return (new PeerInfo(peer.Id, peer.Addresses.Count > 0 ? peer.Addresses : KnownAndConnected(peer.Id)?.Addresses ?? []), null);
        }
        catch (PeerUnreachableException exception)
        {
            return (null, exception);
        }
    }

    /// <summary>A peer with whom we are connected: where it says that it is, or else where it came from.</summary>
    private PeerInfo? KnownAndConnected(PeerId id)
    {
        if (id == LocalPeer)
        {
            return new PeerInfo(id, Addresses);
        }

        ConnectedPeer[] connections = [.. Host.Connections.Where(connection => connection.Id == id)];
        return connections.Length == 0 ? null : connections.FirstOrDefault(connection => connection.Identity?.Addresses.Count > 0) is ConnectedPeer identified
            ? new PeerInfo(id, identified.Identity?.Addresses ?? [])
            : new PeerInfo(id, [connections[0].RemoteAddress]);
    }

    private static PeerId PeerOf(Cid id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return id.Codec == Cid.Libp2pKeyCodec && PeerId.TryRead(id.Multihash.Span, out PeerId? peer) ? peer : throw new ArgumentException($"{id} is no peer's CID.", nameof(id));
    }
}
