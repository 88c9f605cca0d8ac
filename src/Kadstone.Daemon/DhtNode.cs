using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon;

/// <summary>The HTTP surfaces' node: an <see cref="IpfsDht"/> and the options that it was made of.</summary>
internal sealed class DhtNode(IpfsDht dht, IpfsOptions options, bool hasRouting) : IIpfsNode
{
    public PrivateKey Identity { get; } =
        options.Host.Identity ?? throw new ArgumentException("The node's options name no identity; the daemon publishes under it.", nameof(options));

    public string AgentVersion => options.Host.AgentVersion;

    public IPeerNetwork Network => dht.Host;

    public IReadOnlyList<Multiaddr> Addresses => dht.Addresses;

    public IReadOnlyList<string> Protocols => dht.Host.ServedProtocols;

    public IReadOnlyList<Multiaddr> Bootstrap => options.Bootstrap;

    public bool HasRouting => hasRouting;

    public IReadOnlyList<ConnectedPeer> Connections => dht.Host.Connections;

    public IReadOnlyList<IpfsStatus> Status() => dht.Status();

    public IReadOnlyList<PeerInfo> Contacts() => dht.Contacts();

    public Task<PeerId> ConnectAsync(Multiaddr address, CancellationToken cancellationToken) => dht.ConnectAsync(address, cancellationToken);

    public async Task DisconnectAsync(PeerId peer, CancellationToken cancellationToken)
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(object? sender, PeerId who)
        {
            if (who == peer)
            {
                gone.TrySetResult();
            }
        }

        dht.Host.Disconnected += Hear;
        try
        {
            dht.Host.Disconnect(peer);
            if (IsConnected(peer))
            {
                await gone.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            dht.Host.Disconnected -= Hear;
        }
    }

    public async Task<TimeSpan> PingAsync(PeerId peer, CancellationToken cancellationToken) =>
        await dht.Host.PingAsync(await WhereAsync(peer, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    public async Task<IdentifiedPeer> IdentifyAsync(PeerId peer, CancellationToken cancellationToken)
    {
        TaskCompletionSource<IdentifiedPeer> identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(object? sender, IdentifiedPeer who)
        {
            if (who.Id == peer)
            {
                identified.TrySetResult(who);
            }
        }

        dht.Host.Identified += Hear;
        try
        {
            await dht.Host.ConnectAsync(await WhereAsync(peer, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return Known(peer) ?? await identified.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            dht.Host.Identified -= Hear;
        }
    }

    public IAsyncEnumerable<QueryEvent> FindPeerAsync(PeerId peer, bool mustBeReached, CancellationToken cancellationToken) =>
        dht.FindPeerEventsAsync(peer, new FindPeerOptions { MustBeReached = mustBeReached }, cancellationToken);

    public IAsyncEnumerable<QueryEvent> FindProvidersAsync(Cid cid, int count, CancellationToken cancellationToken) =>
        dht.FindProvidersEventsAsync(cid, new FindProvidersOptions { NumProviders = count, ThrowIfFewer = false }, cancellationToken);

    public IAsyncEnumerable<QueryEvent> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken) => dht.GetEventsAsync(key, null, cancellationToken);

    public IAsyncEnumerable<QueryEvent> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        dht.PutEventsAsync(key, value, null, cancellationToken);

    public IAsyncEnumerable<QueryEvent> ProvideAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken) => dht.ProvideEventsAsync(cids, null, cancellationToken);

    public IAsyncEnumerable<QueryEvent> QueryAsync(PeerId peer, CancellationToken cancellationToken) => dht.QueryAsync(peer, null, cancellationToken);

    public Task<IReadOnlyList<PeerInfo>> FindClosestAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken) =>
        dht.FindClosestPeersAsync(key, null, cancellationToken);

    public void HoldNameKeys(Func<PeerId, PrivateKey?> keys) => dht.NameKeys = keys;

    public Task<IpnsName> PublishNameAsync(PrivateKey key, string path, PublishOptions options, CancellationToken cancellationToken) =>
        dht.PublishNameAsync(key, path, options, cancellationToken);

    public Task<IpnsName> ResolveNameAsync(PeerId name, CancellationToken cancellationToken) => dht.ResolveNameAsync(name, null, cancellationToken);

    private bool IsConnected(PeerId peer) => dht.Host.Connections.Any(connection => connection.Id == peer);

    private IdentifiedPeer? Known(PeerId peer) => dht.Host.Connections.FirstOrDefault(connection => connection.Id == peer && connection.Identity is not null)?.Identity;

    // Over the connection that exists, else where the DHT says that the peer is.
    private async Task<PeerInfo> WhereAsync(PeerId peer, CancellationToken cancellationToken)
    {
        if (IsConnected(peer))
        {
            return new PeerInfo(peer, []);
        }

        return hasRouting ? await dht.FindPeerAsync(peer, null, cancellationToken).ConfigureAwait(false) : throw new PeerNotFoundException(peer);
    }
}
