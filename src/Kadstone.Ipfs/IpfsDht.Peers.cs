using System.Runtime.CompilerServices;


namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Finds where a peer is: at once when we are connected, else by asking ever closer peers.</summary>
    /// <exception cref="PeerNotFoundException">Nobody knows, or no address leads there.</exception>
    public async Task<PeerInfo> FindPeerAsync(PeerId id, FindPeerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        throw new NotSupportedException();
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
    public IAsyncEnumerable<QueryEvent> FindPeerEventsAsync(PeerId id, FindPeerOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Finds the peers closest to a peer, as the streaming form of <see cref="FindClosestPeersAsync(PeerId, DhtOperationOptions?, CancellationToken)"/>:
    /// each of them is a <see cref="QueryEventType.FinalPeer"/>, nearest first.</summary>
    public IAsyncEnumerable<QueryEvent> QueryAsync(PeerId id, DhtOperationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

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
    public Task<IReadOnlyList<PeerInfo>> FindClosestPeersAsync(ReadOnlyMemory<byte> key, DhtOperationOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static PeerId PeerOf(Cid id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return id.Codec == Cid.Libp2pKeyCodec && PeerId.TryRead(id.Multihash.Span, out PeerId? peer) ? peer : throw new ArgumentException($"{id} is no peer's CID.", nameof(id));
    }
}
