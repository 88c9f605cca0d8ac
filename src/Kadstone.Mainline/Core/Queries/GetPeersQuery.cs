using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Queries;

/// <summary>Finds the peers of an infohash; with an announcement, also tells the nearest nodes that we are one.</summary>
internal sealed class GetPeersQuery : Query
{
    private const int MaxPeers = 10_000;

    private readonly HashSet<UdpEndpoint> _seen = [];
    private readonly Queue<UdpEndpoint> _found = new();
    private readonly Announcement? _announcement;
    private readonly bool _scrapes;
    private readonly bool _prefersLeechers;
    private readonly int _backlog;

    /// <param name="infoHash">The key.</param>
    /// <param name="announcement">What to announce to the nearest nodes afterwards; null: nothing.</param>
    /// <param name="scrapes">Ask for the scrape filters (BEP 33).</param>
    /// <param name="prefersLeechers">Ask for peers that are not seeds (BEP 33).</param>
    /// <param name="backlog">How many peers may wait for the consumer before the lookup pauses.</param>
    internal GetPeersQuery(Key160 infoHash, Announcement? announcement = null, bool scrapes = false, bool prefersLeechers = false, int backlog = MaxPeers)
        : base(infoHash)
    {
        _announcement = announcement;
        _scrapes = scrapes;
        _prefersLeechers = prefersLeechers;
        _backlog = backlog;
    }

    internal override string Kind => _announcement is not null ? "announce_peer" : _scrapes ? "scrape" : "get_peers";

    internal override bool Commits => _announcement is not null;

    internal override bool IsPaused => _found.Count >= _backlog;

    /// <summary>The union of the filters of seeds (BEP 33); empty before the first.</summary>
    internal byte[] Seeds { get; } = new byte[ScrapeFilter.Length];

    /// <summary>The union of the filters of the other peers.</summary>
    internal byte[] Downloaders { get; } = new byte[ScrapeFilter.Length];

    /// <summary>How many nodes sent scrape filters.</summary>
    internal int Scraped { get; private set; }

    /// <summary>When the first peer came; null before.</summary>
    internal Instant? FirstPeerAt { get; private set; }

    internal int PeerCount => _seen.Count;

    internal bool TryTake(out UdpEndpoint peer) => _found.TryDequeue(out peer);

    internal override void WriteQuestion(ref KrpcWriter writer, Walk walk, NodeContact to, in QueryEnvelope envelope)
    {
        writer.BeginQuery(walk.Local.Id);
        writer.Key("9:info_hash"u8, Target);
        if (_prefersLeechers)
        {
            writer.Integer("6:noseed"u8, 1);
        }

        if (_scrapes)
        {
            writer.Integer("6:scrape"u8, 1);
        }

        if (walk.WantsBothFamilies)
        {
            writer.Raw("4:want"u8, "l2:n42:n6e"u8);
        }

        envelope.End(ref writer, "get_peers"u8);
    }

    internal override void Collect(Walk walk, NodeContact from, in KrpcMessage answer, Instant now)
    {
        foreach (UdpEndpoint peer in answer.Values)
        {
            if (_seen.Count < MaxPeers
                && walk.Local.Scope.Allows(peer)
                && _seen.Add(peer))
            {
                FirstPeerAt ??= now;
                _found.Enqueue(peer);
            }
        }

        if (_scrapes && !answer.SeedFilter.IsEmpty && !answer.PeerFilter.IsEmpty)
        {
            new ScrapeFilter(Seeds).UnionWith(answer.SeedFilter);
            new ScrapeFilter(Downloaders).UnionWith(answer.PeerFilter);
            Scraped++;
        }
    }

    internal override int CountValues(in KrpcMessage answer) => answer.Values.Count;

    internal override void WriteCommit(ref KrpcWriter writer, Walk walk, NodeContact to, scoped ReadOnlySpan<byte> token, in QueryEnvelope envelope)
    {
        Announcement announcement = _announcement ?? throw new InvalidOperationException("This query announces nothing.");
        writer.BeginQuery(walk.Local.Id);
        if (announcement.Port == 0)
        {
            writer.Integer("12:implied_port"u8, 1);
        }

        writer.Key("9:info_hash"u8, Target);

        // BEP 5: with implied_port the port is ignored, but must be there for nodes that do not know the flag.
        writer.Integer("4:port"u8, announcement.Port == 0 ? walk.Local.Bound.Port : announcement.Port);
        if (announcement.IsSeed)
        {
            writer.Integer("4:seed"u8, 1);
        }

        writer.Bytes("5:token"u8, token);
        envelope.End(ref writer, "announce_peer"u8);
    }
}

/// <summary>What is announced.</summary>
/// <param name="Port">The port of the service; 0: the UDP port that the packet comes from (implied_port).</param>
/// <param name="IsSeed">Whether we have it all (BEP 33).</param>
internal readonly record struct Announcement(ushort Port, bool IsSeed);
