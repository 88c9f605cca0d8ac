using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Discovery: who is there under a topic; the same verbs on today's wire and on the first generation's.</summary>
public interface IHyperDht : IAsyncDisposable
{
    /// <summary>The node underneath: single requests, queries, its table.</summary>
    IRpcNode Node { get; }

    /// <summary>Looks for peers; each answer comes as it arrives. Nothing is stored anywhere by it.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="options">A local address here asks for local peers; null: all defaults.</param>
    /// <param name="cancellationToken">Gives up; leaving the loop does the same.</param>
    IAsyncEnumerable<PeersFound> LookupAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Looks for peers as <see cref="LookupAsync"/> does, and announces us at the 20 closest nodes: once the loop has ended.</summary>
    /// <exception cref="NoAnswerException">Nobody answered, or nobody took the announce.</exception>
    IAsyncEnumerable<PeersFound> AnnounceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Announces as <see cref="AnnounceAsync"/> does, without the peers on the way.</summary>
    /// <returns>How many nodes took it.</returns>
    /// <exception cref="NoAnswerException">Nobody answered, or nobody took the announce.</exception>
    Task<RpcCommit> AnnounceOnceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Takes an announce back.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="options">The same as were announced with: another port, address or key does not remove.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<RpcCommit> UnannounceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Announces now and every 4 to 5 minutes, until it is disposed: then it is taken back.</summary>
    IAnnouncement KeepAnnounced(Key256 topic, AnnounceOptions? options = null);

    /// <summary>What others ask of this node, as it happens; what is not taken in time is left out.</summary>
    IAsyncEnumerable<HyperTraffic> WatchAsync(CancellationToken cancellationToken = default);
}
