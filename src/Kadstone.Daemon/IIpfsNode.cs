using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon;

/// <summary>All that the HTTP surfaces need of a node.</summary>
internal interface IIpfsNode
{
    /// <summary>The node's own key, which signs what is published as <c>self</c>.</summary>
    PrivateKey Identity { get; }

    /// <summary>What the node says that it is.</summary>
    string AgentVersion { get; }

    /// <summary>Its streams to and from peers.</summary>
    IPeerNetwork Network { get; }

    /// <summary>Where it is, without the peer at the end.</summary>
    IReadOnlyList<Multiaddr> Addresses { get; }

    /// <summary>What it serves.</summary>
    IReadOnlyList<string> Protocols { get; }

    /// <summary>Whom it meets first.</summary>
    IReadOnlyList<Multiaddr> Bootstrap { get; }

    /// <summary>Whether it takes part in a DHT at all.</summary>
    bool HasRouting { get; }

    /// <summary>Its connections.</summary>
    IReadOnlyList<ConnectedPeer> Connections { get; }

    /// <summary>The counts of its DHTs.</summary>
    IReadOnlyList<IpfsStatus> Status();

    /// <summary>The entries of its routing tables.</summary>
    IReadOnlyList<PeerInfo> Contacts();

    Task<PeerId> ConnectAsync(Multiaddr address, CancellationToken cancellationToken);

    /// <summary>Ends when no connection with the peer is left.</summary>
    Task DisconnectAsync(PeerId peer, CancellationToken cancellationToken);

    Task<TimeSpan> PingAsync(PeerId peer, CancellationToken cancellationToken);

    /// <summary>What a peer says of itself, once there is a connection with it.</summary>
    Task<IdentifiedPeer> IdentifyAsync(PeerId peer, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> FindPeerAsync(PeerId peer, bool mustBeReached, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> FindProvidersAsync(Cid cid, int count, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> ProvideAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken);

    IAsyncEnumerable<QueryEvent> QueryAsync(PeerId peer, CancellationToken cancellationToken);

    Task<IReadOnlyList<PeerInfo>> FindClosestAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken);

    /// <summary>Lets names be signed anew with the keys that are held, besides the node's own.</summary>
    void HoldNameKeys(Func<PeerId, PrivateKey?> keys);

    Task<IpnsName> PublishNameAsync(PrivateKey key, string path, PublishOptions options, CancellationToken cancellationToken);

    Task<IpnsName> ResolveNameAsync(PeerId name, CancellationToken cancellationToken);
}
