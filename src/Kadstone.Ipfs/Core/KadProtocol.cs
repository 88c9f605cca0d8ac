using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>A kad-dht node without streams or a clock: it answers requests, keeps the routing table and the providers, and runs queries.</summary>
/// <remarks>
/// Call <see cref="TryTakeRequest"/> until it gives none, send what it gave, and hand back what came by <see cref="OnAnswer"/> or
/// <see cref="OnFailure"/>; then wait for either, or for <see cref="NextDeadline"/> and call <see cref="Elapse"/>. Not safe for concurrent use.
/// </remarks>
internal sealed partial class KadProtocol
{
    private readonly KadSettings _settings;
    private readonly Random _chance;
    private readonly Key256 _self;
    private readonly RoutingTable<Key256, PeerContact> _table;
    private readonly ProviderTable _providers;
    private readonly PeerBook _book;
    private readonly RequestBudget? _budget;
    private readonly DialGuard? _guard;
    private readonly AnswerTimes _times;
    private readonly NetworkSizeEstimator<Key256> _size = new();
    private readonly HashSet<PeerId> _connected = [];
    private readonly Dictionary<PeerId, PeerContact> _bootstrap = [];
    private IReadOnlyList<Multiaddr> _ownAddresses = [];

    public KadProtocol(KadSettings settings, Random chance)
    {
        _settings = settings;
        _chance = chance;
        _self = PeerContact.KeyOf(settings.Self.Bytes.Span);
        RoutingTableOptions table = new()
        {
            BucketSize = settings.Width,
            ReplacementSize = settings.Width,
            DoubtfulAfter = settings.RefreshInterval,
            RefreshAfter = settings.RefreshInterval,

            // go-libp2p-kad-dht, "diversity filter": three of one group in the table, two in a bucket. In a small table two, so that five groups are no quarter of it.
            Diversity = settings.Policy == AddressPolicy.Public
                ? new DiversityLimits { PerHost = 2, PerPrefixInBucket = 2, PerPrefixInTable = 3 }
                : null,
        };
        _table = new RoutingTable<Key256, PeerContact>(_self, table, chance);
        _providers = new ProviderTable(settings.Providers);
        _budget = settings.RequestsPerSecond is int perSecond ? new RequestBudget(perSecond) : null;
        _book = new PeerBook(settings.MaxKnownPeers, ProviderTable.AddressLifetime);
        _guard = settings.Policy == AddressPolicy.Public ? new DialGuard(_connected.Contains, IsKnownAt) : null;
        _times = new AnswerTimes(settings.Patience);
    }

    public KadCounters Counters { get; } = new();

    public int Contacts => _table.Count;

    public int ProviderCount => _providers.Count;

    public int ProviderKeys => _providers.Keys;

    public int ActiveQueries => _queries.Count;

    public double NetworkSize => _size.Estimate.Nodes;

    /// <summary>Who watches lookups; null: nobody.</summary>
    public ILookupObserver<KadContact>? LookupObserver { get; set; }

    public IEnumerable<PeerInfo> Entries => _table.Entries.Select(entry => entry.Contact.Info);

    /// <summary>The table, for people.</summary>
    public TableView<Key256, KadContact> View(Instant now)
    {
        TableView<Key256, PeerContact> table = _table.View(now);
        return new TableView<Key256, KadContact>(
            table.Self,
            now,
            table.Capacities,
            table.MaxFailures,
            table.DoubtfulAfter,
            [.. table.Entries.Select(entry => new TableEntry<KadContact>(KadContact.Of(entry.Contact), entry.Bucket, entry.LastSeen, entry.Failures, entry.Added))]);
    }

    /// <summary>When <see cref="Elapse"/> has something to do.</summary>
    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Earlier(Instant.Earlier(_table.NextDeadline, _nextSelfLookup), _askLostAt);
            foreach (KadQuery query in _queries)
            {
                next = Instant.Earlier(next, query.NextDeadline);
            }

            return next;
        }
    }

    /// <summary>Says where we are: what we tell of ourselves.</summary>
    public void Reside(IReadOnlyList<Multiaddr> addresses) => _ownAddresses = _settings.Policy.Kept(addresses);

    /// <summary>Says whom to ask while the table is empty.</summary>
    public void AddBootstrap(PeerInfo peer)
    {
        if (peer.Id != _settings.Self)
        {
            _bootstrap[peer.Id] = PeerContact.From(peer.Id, peer.Addresses);
        }
    }

    /// <summary>A peer said of itself what it speaks and where it is. One that serves is asked before it enters the table.</summary>
    public void Identified(PeerId peer, IReadOnlyList<Multiaddr> addresses, bool serves, Instant now)
    {
        if (peer == _settings.Self)
        {
            return;
        }

        _connected.Add(peer);
        Multiaddr[] kept = _settings.Policy.Kept(addresses);
        _book.Learn(peer, kept, now);
        PeerContact contact = PeerContact.From(peer, kept);
        if (!serves)
        {
            _table.Remove(contact);
        }
        else if (kept.Length > 0)
        {
            Check(contact);
        }
    }

    /// <summary>The last connection with a peer ended. That alone says nothing against it.</summary>
    public void Disconnected(PeerId peer) => _connected.Remove(peer);

    public bool IsConnected(PeerId peer) => _connected.Contains(peer);

    /// <summary>Where a peer is known to be.</summary>
    public IReadOnlyList<Multiaddr> AddressesOf(PeerId peer, Instant now) => _book.AddressesOf(peer, now);

    /// <summary>Notes that we provide content ourselves.</summary>
    public void AddOwnProvider(ReadOnlyMemory<byte> multihash, Instant now) => _providers.Add(multihash, _settings.Self, _ownAddresses, now);

    public void RemoveOwnProvider(ReadOnlyMemory<byte> multihash) => _providers.Remove(multihash, _settings.Self);

    /// <summary>The providers that we know of.</summary>
    public IEnumerable<PeerInfo> ProvidersOf(ReadOnlyMemory<byte> multihash, Instant now) =>
        _providers.Find(multihash, now).Select(provider => provider.Addresses.Count > 0 ? provider : new PeerInfo(provider.Id, AddressesKnown(provider.Id, now)));

    private bool IsKnownAt(PeerContact peer, ulong host) =>
        _table.Find(peer)?.PublicHosts.Contains(host) == true || (_bootstrap.TryGetValue(peer.Id, out PeerContact told) && told.PublicHosts.Contains(host));

    private IReadOnlyList<Multiaddr> AddressesKnown(PeerId peer, Instant now) => peer == _settings.Self ? _ownAddresses : _book.AddressesOf(peer, now);
}
