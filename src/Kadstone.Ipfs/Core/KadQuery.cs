using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>One search for the peers closest to a key, what it collects on the way, and what it tells them at its end.</summary>
/// <remarks>
/// libp2p kad-dht, "Operations": the lookup ends when the beta nearest have answered; then the rest of the k nearest are asked once,
/// and told. Events wait here until they are taken; while too many do, nobody new is asked.
/// </remarks>
internal sealed partial class KadQuery
{
    /// <summary>256: with so many events untaken the query waits for its reader.</summary>
    public const int MaxUnread = 256;

    /// <summary>1,000: the most providers of one search.</summary>
    public const int MaxProviders = 1000;

    private const int MaxHeard = 256;
    private const int MaxRequests = 200;

    // Of the closest; go has it for the routing table.
    private const int MostOfGroup = 2;

    // Whoever names ever new peers at one host makes of us no flood there.
    private const int MaxAsksOfHost = 8;

    private readonly KadSettings _settings;
    private readonly HeardPeers _heard;
    private readonly Queue<QueryEvent> _events = new();
    private readonly Queue<HeardPeer> _toTell = new();
    private readonly HashSet<PeerId> _providers = [];
    private readonly Dictionary<ulong, int> _asksOfHost = [];
    private NodeLookup<Key256, PeerContact>? _lookup;
    private int _openCommits;
    private bool _isSatisfied;
    private bool _hasBegunTelling;
    private bool _endIsTold;

    public KadQuery(KadSettings settings, KadQueryKind kind, ReadOnlyMemory<byte> target)
    {
        _settings = settings;
        Kind = kind;
        Target = target.ToArray();
        Key = PeerContact.KeyOf(target.Span);
        _heard = new HeardPeers(Key, MaxHeard, settings.GuardsKeys ? MostOfGroup : int.MaxValue);
    }

    public KadQueryKind Kind { get; }

    /// <summary>Whether it is the table's own: nobody reads its events, and it runs to its end.</summary>
    public bool IsUpkeep { get; init; }

    /// <summary>What was hashed to the key.</summary>
    public ReadOnlyMemory<byte> Target { get; }

    public Key256 Key { get; }

    /// <summary>How many providers are enough; 0: all.</summary>
    public int Wanted { get; init; }

    /// <summary>How many values are enough; 0: all.</summary>
    public int Quorum { get; init; }

    /// <summary>What is put; of a search for a value what goes to those that lack it.</summary>
    public KadRecord? Record { get; init; }

    /// <summary>The message that tells of a provider.</summary>
    public KadMessage? ProviderMessage { get; init; }

    /// <summary>Nearer than this, as a part of the keyspace, a peer is told at once. 0: nobody.</summary>
    public double TellWithin { get; set; }

    /// <summary>Who hears how it goes; null: nobody.</summary>
    public ILookupListener<KadContact>? Listener { get; set; }

    public KadQueryPhase Phase { get; private set; }

    /// <summary>Whether there was nobody to ask.</summary>
    public bool HadNobody { get; private set; }

    /// <summary>Whether nobody reads the events any more.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>Whether the reader has dealt with all that it took and waits for more.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>The closest that answered, nearest first, once the search is over.</summary>
    public IReadOnlyList<PeerContact> Closest { get; private set; } = [];

    /// <summary>The best value so far.</summary>
    public ReadOnlyMemory<byte>? Best { get; private set; }

    /// <summary>How many valid values came.</summary>
    public int Values { get; private set; }

    /// <summary>Where the peer that is sought was said to be; each address once.</summary>
    public List<Multiaddr> Sightings { get; } = [];

    /// <summary>Whether the peer that is sought answered us itself.</summary>
    public bool IsTargetReached { get; private set; }

    /// <summary>How many requests led to the farthest peer that was asked.</summary>
    public int Hops => _lookup?.MaxHops ?? 0;

    /// <summary>How many peers were asked.</summary>
    public int Asked { get; private set; }

    public int ProvidersFound => _providers.Count;

    public int Told { get; private set; }

    public int NotTold { get; private set; }

    /// <summary>Whether the search is over and its result stands; telling may go on.</summary>
    public bool IsSearchOver => Phase is KadQueryPhase.Committing or KadQueryPhase.Finished;

    /// <summary>Whether the caller has all that it wants: of an optimistic provide, three quarters told.</summary>
    public bool IsDone => Phase == KadQueryPhase.Finished
        || (Kind == KadQueryKind.GetValue && IsSearchOver)
        || (Kind == KadQueryKind.Provide && TellWithin > 0 && Told >= _settings.Width * 3 / 4);

    /// <summary>When an open request becomes late.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    public bool TryTakeEvent(out QueryEvent? happened) => _events.TryDequeue(out happened);

    /// <summary>Begins with whom we know.</summary>
    public void Begin(ReadOnlySpan<PeerContact> seeds, Instant now)
    {
        LookupOptions options = new()
        {
            Width = 2 * _settings.Width,
            Parallelism = _settings.Parallelism,
            ClosingParallelism = 0,
            Quorum = _settings.Resiliency,
            Patience = _settings.Patience,
            MaxCandidates = MaxHeard,
            MaxRequests = MaxRequests,
            Diversity = _settings.Policy == AddressPolicy.Public ? new DiversityLimits { PerHostInLookup = MaxAsksOfHost } : null,
        };
        _lookup = new NodeLookup<Key256, PeerContact>(Key, options, seeds);
        foreach (ref readonly PeerContact seed in seeds)
        {
            Hear(seed);
        }

        HadNobody = seeds.IsEmpty;
        if (HadNobody)
        {
            TellEnd(LookupEnd.Exhausted);
            Phase = KadQueryPhase.Finished;
        }
        else
        {
            Settle(now);
        }
    }

    /// <summary>Begins with telling those given, without a search.</summary>
    public void BeginTelling(IEnumerable<PeerContact> peers)
    {
        foreach (PeerContact peer in peers)
        {
            Hear(peer);
            Tell(_heard.Find(peer.Id));
        }

        Phase = KadQueryPhase.Committing;
        FinishIfTold();
    }

    /// <summary>Offers a value that we hold ourselves.</summary>
    public void Offer(ReadOnlyMemory<byte> value)
    {
        Best = value;
        Values++;
        Happened(QueryEventType.Value, _settings.Self, [], Convert.ToBase64String(value.Span));
    }

    /// <summary>Offers a provider that we know of ourselves.</summary>
    public void Offer(PeerInfo provider) => Take(_settings.Self, provider);

    /// <summary>Ends the query now; what it found stays.</summary>
    public void Stop()
    {
        TellEnd(IsSearchOver ? LookupEnd.Quorum : LookupEnd.Stopped);
        Phase = KadQueryPhase.Finished;
        NextDeadline = Instant.Never;
    }

    /// <summary>Nobody reads any more. A query that is done may still tell the rest of the closest; any other ends.</summary>
    public void Detach()
    {
        IsDetached = true;
        _events.Clear();
        if (!IsDone && !IsUpkeep)
        {
            Stop();
        }
    }

    /// <summary>Names the next request; call until null.</summary>
    public KadRequest? TryTakeRequest(Instant now)
    {
        if (Phase == KadQueryPhase.Finished || (_events.Count >= MaxUnread && !IsDetached))
        {
            return null;
        }

        if (_openCommits < _settings.Width && MayTell && _toTell.TryDequeue(out HeardPeer? told))
        {
            _openCommits++;
            _hasBegunTelling = true;
            told.AskedAt = now;
            TellTurn(LookupTurnKind.Storing, told, now);
            return new KadRequest(this, told.Contact, TellingMessage(), IsCommit: true);
        }

        return TryNext(now) is HeardPeer next ? new KadRequest(this, next.Contact, AskingMessage(), IsCommit: false) : null;
    }

    // A reader that has not seen all yet may still leave, and then nobody is to be told.
    private bool MayTell => _hasBegunTelling || IsDetached || (IsAwaited && _events.Count == 0);

    private HeardPeer? TryNext(Instant now)
    {
        if (Phase == KadQueryPhase.Looking && _lookup is { } lookup)
        {
            while (lookup.TryNext(now, out PeerContact contact))
            {
                HeardPeer next = _heard.Find(contact.Id) ?? new HeardPeer(contact, contact.Key ^ Key);
                if (MayReach(next))
                {
                    return Ask(next, now);
                }

                lookup.Fail(contact, now);
            }

            Settle(now);
        }

        while (Asked < MaxRequests && _heard.All.Count(peer => IsOpen(peer, now)) < _settings.Parallelism && NextToFollow() is HeardPeer next)
        {
            if (MayReach(next))
            {
                return Ask(next, now);
            }

            // Perhaps it was the last that was waited for.
            Settle(now);
        }

        return null;
    }

    private HeardPeer? NextToFollow() => Phase switch
    {
        KadQueryPhase.FollowingUp => _heard.Nearest(_settings.Width, HasNotFailed).FirstOrDefault(peer => peer.State == HeardState.Heard),
        KadQueryPhase.Surveying => _region.Find(peer => peer.State == HeardState.Heard),
        _ => null,
    };

    private static bool HasNotFailed(HeardPeer peer) => peer.State != HeardState.Failed;

    /// <summary>Takes from a peer the addresses on hosts that were asked often enough, whoever is said to live there; false, and failed, when none is left.</summary>
    private bool MayReach(HeardPeer peer)
    {
        IReadOnlyList<Multiaddr> addresses = peer.Contact.Addresses;
        if (_settings.Policy != AddressPolicy.Public || addresses.Count == 0)
        {
            return true;
        }

        Multiaddr[] left = [.. addresses.Where(address => !PeerContact.TryGetHost(address, out ulong host) || _asksOfHost.GetValueOrDefault(host) < MaxAsksOfHost)];
        if (left.Length == 0)
        {
            peer.State = HeardState.Failed;
            return false;
        }

        if (left.Length < addresses.Count)
        {
            peer.Contact = PeerContact.From(peer.Contact.Id, left);
        }

        foreach (ulong host in left.Select(address => PeerContact.TryGetHost(address, out ulong host) ? host : 0).Where(host => host != 0).Distinct())
        {
            _asksOfHost[host] = _asksOfHost.GetValueOrDefault(host) + 1;
        }

        return true;
    }

    /// <summary>What it is called to those who watch lookups.</summary>
    public string Name => Kind switch
    {
        KadQueryKind.FindPeer => "find_peer",
        KadQueryKind.FindProviders => "find_providers",
        KadQueryKind.GetValue => "get_value",
        KadQueryKind.Provide => "provide",
        KadQueryKind.PutValue => "put_value",
        _ => "closest_peers",
    };

    private HeardPeer Ask(HeardPeer peer, Instant now)
    {
        peer.State = HeardState.Asked;
        peer.AskedAt = now;
        Asked++;
        TellTurn(LookupTurnKind.Asked, peer, now);
        NextDeadline = Instant.Earlier(NextDeadline, now + _settings.Patience);
        return peer;
    }

    private bool IsOpen(HeardPeer peer, Instant now) => peer.State == HeardState.Asked && now - peer.AskedAt < _settings.Patience;

    private bool Hear(in PeerContact contact) => contact.Id != _settings.Self && _heard.Add(contact);

    private KadMessage AskingMessage() => new()
    {
        Type = Kind switch
        {
            KadQueryKind.FindProviders => KadMessageType.GetProviders,
            KadQueryKind.GetValue => KadMessageType.GetValue,
            _ => KadMessageType.FindNode,
        },
        Key = Target,
    };

    private KadMessage TellingMessage() => ProviderMessage ?? new KadMessage
    {
        Type = KadMessageType.PutValue,
        Key = Target,
        Record = Record ?? new KadRecord(Target, Best ?? default, null),
    };
}
