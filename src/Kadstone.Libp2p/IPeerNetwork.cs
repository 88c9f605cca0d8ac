namespace Kadstone.Libp2p;

/// <summary>Streams to and from peers: all that a protocol needs of a network.</summary>
public interface IPeerNetwork
{
    /// <summary>Who we are.</summary>
    PeerId LocalPeer { get; }

    /// <summary>Opens a stream to a peer, over a connection that exists or a new one.</summary>
    /// <param name="peer">Whom, and where.</param>
    /// <param name="protocol">What the stream will speak, such as <c>/ipfs/ping/1.0.0</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PeerUnreachableException">The peer cannot be reached, or could not a moment ago.</exception>
    /// <exception cref="ProtocolNotSupportedException">The peer does not speak the protocol.</exception>
    ValueTask<PeerStream> OpenAsync(PeerInfo peer, string protocol, CancellationToken cancellationToken);

    /// <summary>Serves a protocol until the result is disposed.</summary>
    /// <param name="protocol">Its id.</param>
    /// <param name="handler">Called for each stream, which is left when it returns and reset when it throws.</param>
    /// <exception cref="InvalidOperationException">The protocol is served already.</exception>
    IDisposable Accept(string protocol, Func<PeerStream, CancellationToken, Task> handler);
}
