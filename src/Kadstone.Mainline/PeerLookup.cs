using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline;

/// <summary>A search for peers: a stream of them, and afterwards how the search went. Enumerate it once.</summary>
/// <remarks>Enumerating throws <see cref="NoNetworkException"/> when nobody answered, <see cref="DhtTimeoutException"/> when it took too long.</remarks>
public sealed class PeerLookup : IAsyncEnumerable<UdpEndpoint>
{
    private const int Backlog = 1_024;

    private readonly MainlineDht _dht;
    private readonly DatagramDriver<MainlineProtocol> _driver;
    private readonly GetPeersQuery _query;
    private int _isStarted;

    internal PeerLookup(MainlineDht dht, DatagramDriver<MainlineProtocol> driver, Key160 infoHash, bool prefersLeechers)
    {
        _dht = dht;
        _driver = driver;
        _query = new GetPeersQuery(infoHash, prefersLeechers: prefersLeechers, backlog: Backlog);
    }

    /// <summary>What became of the questions so far.</summary>
    public LookupOutcome Outcome => _driver.Run(_query, static (_, query, _) => query.Outcome());

    /// <summary>How it goes or went, one trace of each address family.</summary>
    public IReadOnlyList<LookupTrace> Traces => _driver.Run(_query, static (_, query, _) => LookupTrace.Of(query));

    /// <summary>From the first question to the first peer; null when none was found.</summary>
    public TimeSpan? FirstPeerAfter => _driver.Run(_query, static (_, query, _) => query.FirstPeerAt is Instant first
        ? first - query.Walks.Where(walk => walk.Lookup.Asked > 0).Min(walk => walk.Lookup.Steps[0].AskedAt)
        : (TimeSpan?)null);

    /// <inheritdoc/>
    public async IAsyncEnumerator<UdpEndpoint> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isStarted, 1) != 0)
        {
            throw new InvalidOperationException("A search for peers is enumerated once: call GetPeersAsync again.");
        }

        // What strangers announced to us counts as an answer of our own.
        HashSet<UdpEndpoint> own = [.. _dht.StoredPeers(_query.Target)];
        foreach (UdpEndpoint peer in own)
        {
            yield return peer;
        }

        List<UdpEndpoint> batch = [];
        IAsyncEnumerator<bool> progress = _dht.ProgressAsync(_query, cancellationToken).GetAsyncEnumerator(CancellationToken.None);
        await using (progress.ConfigureAwait(false))
        {
            while (true)
            {
                bool goesOn;
                try
                {
                    goesOn = await progress.MoveNextAsync().ConfigureAwait(false);
                }
                catch (NoNetworkException) when (own.Count > 0)
                {
                    break;
                }

                if (!goesOn)
                {
                    break;
                }

                batch.Clear();
                _driver.Run((protocol, _) =>
                {
                    while (_query.TryTake(out UdpEndpoint peer))
                    {
                        batch.Add(peer);
                    }

                    protocol.Resume();
                });
                _dht.Report(_query.Target, batch);
                foreach (UdpEndpoint peer in batch)
                {
                    if (!own.Contains(peer))
                    {
                        yield return peer;
                    }
                }
            }
        }
    }
}
