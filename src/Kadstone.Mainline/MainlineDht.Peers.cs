using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline;

/// <summary>Peers: who takes part in an infohash, and telling that we do.</summary>
public sealed partial class MainlineDht
{
    /// <summary>Raised for each peer that this node learns of, by strangers' announces and by lookups; also for infohashes that are others' business.</summary>
    /// <remarks>
    /// Once for each peer, and once more when it takes part in what we come to advertise. Handlers are called one after the other, never
    /// under the node's lock; one may close the node, and one that throws is logged and hinders nobody.
    /// </remarks>
    public event EventHandler<PeerFound>? PeerFound
    {
        add => _watch.Found += value;
        remove => _watch.Found -= value;
    }

    /// <summary>Raised when a peer was not announced any more for its lifetime (45 min; 1 h when only a lookup brought it).</summary>
    public event EventHandler<PeerExpired>? PeerExpired
    {
        add => _watch.Expired += value;
        remove => _watch.Expired -= value;
    }

    /// <summary>The peers of an infohash, each once, as they are found. Enumerating starts the lookup, leaving ends it.</summary>
    /// <param name="infoHash">20 bytes; of a v2 torrent the first 20 of its SHA-256.</param>
    /// <param name="prefersLeechers">Ask for peers that are not seeds (BEP 33). Default false.</param>
    /// <remarks>A consumer that is slow pauses the lookup.</remarks>
    public PeerLookup GetPeersAsync(Key160 infoHash, bool prefersLeechers = false) =>
        new(this, _driver, infoHash, prefersLeechers);

    /// <summary>Announces once that a peer at our address takes part in an infohash.</summary>
    /// <param name="infoHash">What it takes part in.</param>
    /// <param name="port">The port of the service; 0 for the node's own UDP port as others see it (implied_port).</param>
    /// <param name="isSeed">Whether it has it all (BEP 33).</param>
    /// <param name="cancellationToken">Gives up; nodes may have stored it already.</param>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public async Task<AnnounceResult> AnnouncePeerAsync(Key160 infoHash, int port, bool isSeed = false, CancellationToken cancellationToken = default)
    {
        GetPeersQuery query = new(infoHash, new Announcement(CheckPort(port), isSeed));
        await RunAsync(query, cancellationToken).ConfigureAwait(false);
        Report(query);
        return new AnnounceResult(OutcomeOf(query), CommittedOf(query));
    }

    /// <summary>Announces again and again until disposed, as <c>node.advertise(infohash, port)</c>; peers that the lookups find are reported.</summary>
    /// <param name="infoHash">What the peer takes part in.</param>
    /// <param name="port">The port of the service; 0 for the node's own UDP port (implied_port).</param>
    /// <param name="isSeed">Whether it has it all (BEP 33).</param>
    public Advertisement Advertise(Key160 infoHash, int port, bool isSeed = false)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        return new Advertisement(_driver, _watch, infoHash, new Announcement(CheckPort(port), isSeed), _options.AnnounceInterval, _closing.Token);
    }

    /// <summary>The news of <see cref="PeerFound"/> as a stream, from the first <c>MoveNextAsync</c> on; it ends with the node. A reader who falls 4,096 behind loses the oldest.</summary>
    public async IAsyncEnumerable<PeerFound> WatchPeersAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Channel<PeerFound> channel = _watch.Listen();
        try
        {
            await foreach (PeerFound found in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return found;
            }
        }
        finally
        {
            _watch.Leave(channel);
        }
    }

    /// <summary>About how many peers an infohash has, without their addresses (BEP 33).</summary>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took longer than <see cref="MainlineOptions.LookupTimeout"/>.</exception>
    public async Task<ScrapeResult> ScrapeAsync(Key160 infoHash, CancellationToken cancellationToken = default)
    {
        GetPeersQuery query = new(infoHash, scrapes: true);
        await RunAsync(query, cancellationToken).ConfigureAwait(false);
        return _driver.Run(query, static (_, ended, _) => new ScrapeResult(
            ScrapeFilter.Estimate(ended.Seeds),
            ScrapeFilter.Estimate(ended.Downloaders),
            ended.Scraped,
            ended.Outcome()));
    }

    /// <summary>Tells <see cref="PeerFound"/> of peers that a lookup of ours brought.</summary>
    internal void Report(Key160 infoHash, IReadOnlyCollection<UdpEndpoint> peers) => _watch.Report(infoHash, peers);

    private void Report(GetPeersQuery query)
    {
        List<UdpEndpoint> peers = [];
        _driver.Run((_, _) =>
        {
            while (query.TryTake(out UdpEndpoint peer))
            {
                peers.Add(peer);
            }
        });
        Report(query.Target, peers);
    }

    private static ushort CheckPort(int port) => port is >= 0 and <= 65_535
        ? (ushort)port
        : throw new ArgumentOutOfRangeException(nameof(port), port, "A port is 1 to 65535; 0 announces the node's own UDP port.");
}
