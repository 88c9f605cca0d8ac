using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>A node that answers and asks commands over a DHT; the same verbs on today's wire and on the first generation's.</summary>
public interface IRpcNode : IAsyncDisposable
{
    /// <summary>Where others reach it.</summary>
    /// <exception cref="InvalidOperationException">It does not listen yet.</exception>
    IPEndPoint LocalEndpoint { get; }

    /// <summary>Its id; null while it is ephemeral.</summary>
    Key256? Id { get; }

    /// <summary>Completes when the first join is over. Nothing needs to wait for it: what is asked earlier waits by itself.</summary>
    Task Ready { get; }

    /// <summary>Binds the socket and starts. A node that is not told to listen does so by itself, at the port of its options, when it is first used.</summary>
    /// <param name="port">The UDP port; 0 is the kernel's choice; null, the default, that of the options.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The port is in use (<see cref="System.Net.Sockets.SocketError.AddressAlreadyInUse"/>), or cannot be bound.</exception>
    /// <exception cref="InvalidOperationException">It listens already, on another port.</exception>
    Task ListenAsync(int? port = null, CancellationToken cancellationToken = default);

    /// <summary>Joins again: worth calling when the network was away. The node does so by itself when its table has run empty.</summary>
    Task BootstrapAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks a node whether it is there, without any help to reach it.</summary>
    /// <exception cref="NoAnswerException">It did not answer.</exception>
    Task<RpcAnswer> PingAsync(UdpEndpoint node, CancellationToken cancellationToken = default);

    /// <summary>Opens the way to a node behind a NAT with the help of one that knows it, and asks it whether it is there. Does nothing for our own address.</summary>
    /// <exception cref="NoAnswerException">It did not answer.</exception>
    Task HolepunchAsync(UdpEndpoint node, UdpEndpoint referrer, CancellationToken cancellationToken = default);

    /// <summary>Asks the nodes on the way to a target and those closest to it; answers come as they arrive.</summary>
    /// <param name="target">The key that it is about.</param>
    /// <param name="command">What is asked.</param>
    /// <param name="value">A value; null for none, which is another thing than an empty one.</param>
    /// <param name="options">How; null: all defaults.</param>
    /// <remarks>Enumerating throws <see cref="NoAnswerException"/> when nobody answered and <see cref="TimeoutException"/> when it took too long.</remarks>
    RpcQuery QueryAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null);

    /// <summary>Asks as <see cref="QueryAsync"/> does, then the 20 closest once more, each with the token it gave: they change something.</summary>
    /// <inheritdoc cref="QueryAsync"/>
    RpcQuery ClosestAsync(Key256 target, RpcCommand command, ReadOnlyMemory<byte>? value = null, RpcQueryOptions? options = null);

    /// <summary>The nodes closest to a key that answered, nearest first; 20 at most.</summary>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    Task<IReadOnlyList<RpcContact>> FindNodeAsync(Key256 target, CancellationToken cancellationToken = default);

    /// <summary>Answers plain queries of a command from now on: those without a valid token. A second handler takes the first one's place.</summary>
    /// <param name="command">Its number counts on today's wire, its name on the first generation's.</param>
    /// <param name="handler">Called for each request, a few at a time. What it throws is logged, and the asker hears nothing.</param>
    void OnQuery(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler);

    /// <summary>Answers commits of a command: the asker holds a token that we gave to its address. Without one, commits go to the handler of plain queries.</summary>
    /// <inheritdoc cref="OnQuery"/>
    void OnClosest(RpcCommand command, Func<RpcRequest, CancellationToken, ValueTask<RpcReply>> handler);
}
