using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>Queries, and the table's own requests.</summary>
internal sealed partial class KadProtocol
{
    private const int MaxChecks = 16;
    private const int MaxWaitingChecks = 256;
    private const int DeepestRefresh = 12;

    // With fewer peers than this all of them are the closest, and a threshold would say nothing.
    private const int LeastForOptimism = 40;

    // Of a network of N evenly spread peers one nearer than 14.5 / N is among the 20 closest in nine of ten cases.
    private const double SurelyAmongTwenty = 14.5;

    // Of 40 peers' distances a size follows to within a sixth, of 160 to within a twelfth. Two lookups are left whatever is forgotten.
    private const int LeastLookupsForSuspicion = 2;
    private const int EnoughLookups = 8;
    private const int LookupsAtFirst = 5;

    // A network that grows around us is not the one that we measured when we joined.
    private static readonly TimeSpan s_firstSelfLookupPause = TimeSpan.FromMinutes(1);

    private readonly List<KadQuery> _queries = [];
    private readonly Dictionary<KadQuery, KadQuery> _surveys = [];
    private readonly Queue<PeerContact> _toCheck = new();
    private readonly HashSet<PeerId> _checking = [];
    private Instant _nextSelfLookup = Instant.Never;
    private TimeSpan _selfLookupPause = s_firstSelfLookupPause;
    private int _open;
    private int _turn;

    /// <summary>Begins a query with whom we know, and with more if there are any.</summary>
    public void Start(KadQuery query, Instant now, params IEnumerable<PeerContact> more)
    {
        double nodes = NetworkSize;
        query.TellWithin = query.TellWithin > 0 && nodes > LeastForOptimism && _settings.Width == 20 ? SurelyAmongTwenty / nodes : 0;
        NetworkSize size = _size.Estimate;
        query.NetworkNodes = size.Lookups >= LeastLookupsForSuspicion ? size.Nodes : 0;
        query.Guard = _guard;
        query.Times = _times;
        if (LookupObserver is { } observer)
        {
            byte[] point = new byte[Key256.ByteLength];
            query.Key.Write(point);
            query.Listener = observer.Began(new LookupBeginning(query.Name, query.Target, point, query.IsUpkeep), now);
        }

        query.Begin([.. SeedsOf(query).Union(more)], now);
        Enlist(query);
    }

    /// <summary>Begins to tell peers something, without a search.</summary>
    public void StartTelling(KadQuery query, IEnumerable<PeerContact> peers)
    {
        query.BeginTelling(peers);
        Enlist(query);
    }

    /// <summary>Lets go of a query that nobody reads any more.</summary>
    public void Leave(KadQuery query)
    {
        query.Detach();
        Retire();
    }

    /// <summary>The next request to send; false when there is none now.</summary>
    public bool TryTakeRequest(Instant now, out KadRequest? request)
    {
        request = null;
        if (_open >= _settings.MaxOpen)
        {
            return false;
        }

        while (request is null && _checking.Count < MaxChecks && _toCheck.TryDequeue(out PeerContact contact))
        {
            if (MayReach(ref contact, now))
            {
                _checking.Add(contact.Id);
                request = new KadRequest(null, contact, new KadMessage { Type = KadMessageType.FindNode, Key = _settings.Self.Bytes }, IsCommit: false);
            }
        }

        // Round about, so that no query waits for another's end.
        for (int i = 0; request is null && i < _queries.Count; i++)
        {
            _turn = (_turn + 1) % _queries.Count;
            KadQuery query = _queries[_turn];
            KadQueryPhase before = query.Phase;
            request = query.TryTakeRequest(now);
            Attend(query, before, now);
        }

        Retire();
        if (request is null)
        {
            return false;
        }

        _open++;
        Counters.Requests++;
        request.IsDial = !_connected.Contains(request.Contact.Id);
        if (request.Query is KadQuery asking)
        {
            if (request.IsDial)
            {
                asking.Happened(QueryEventType.DialingPeer, request.Contact.Id, [], "");
            }

            asking.Happened(QueryEventType.SendingQuery, request.Contact.Id, [], "");
        }

        return true;
    }

    /// <summary>A peer answered a request, or took it where no answer comes.</summary>
    public void OnAnswer(KadRequest request, KadMessage answer, DateTimeOffset wallClock, Instant now)
    {
        _open--;
        PeerContact contact = request.Contact;
        if (request.Query is null)
        {
            _checking.Remove(contact.Id);
        }

        if (request.IsAnswered)
        {
            if (request.IsDial)
            {
                _guard?.Answered(contact, now);
            }

            bool wasLost = _lost.Remove(contact);
            Admit(contact, now);
            if (wasLost && request.Query is null)
            {
                Found(answer, now);
            }
        }

        if (request.Query is KadQuery query)
        {
            PeerContact[] closer = MayBeAsked(answer, now);
            KadQueryPhase before = query.Phase;
            Counters.InvalidValues += query.OnAnswer(request, answer, closer, wallClock, now) ? 0 : 1;
            Attend(query, before, now);
            Retire();
        }
    }

    /// <summary>A request came to nothing.</summary>
    /// <param name="request">Which.</param>
    /// <param name="reason">Why, in few words.</param>
    /// <param name="countsAgainst">Whether it speaks against the peer; not when it was not even tried.</param>
    /// <param name="now">The time.</param>
    public void OnFailure(KadRequest request, string reason, bool countsAgainst, Instant now)
    {
        _open--;
        Counters.Failures++;
        if (request.Query is null)
        {
            _checking.Remove(request.Contact.Id);
        }

        if (countsAgainst)
        {
            Failed(request.Contact, now);
        }

        if (request.Query is KadQuery query)
        {
            KadQueryPhase before = query.Phase;
            query.OnFailure(request, reason, now);
            Attend(query, before, now);
            Retire();
        }
    }

    /// <summary>Does what is due.</summary>
    public void Elapse(Instant now)
    {
        foreach (KadQuery query in _queries.ToArray())
        {
            KadQueryPhase before = query.Phase;
            query.Elapse(now);
            Attend(query, before, now);
        }

        Retire();
        _providers.Expire(now);
        while (_toCheck.Count < MaxWaitingChecks && _table.TryNextDoubtful(now, out PeerContact doubtful))
        {
            Check(doubtful);
        }

        while (_table.TryNextRefresh(now, out Key256 key))
        {
            Refresh(key, now);
        }

        AskLost(now);
        if (_nextSelfLookup <= now)
        {
            LookUpSelf(now, SeedsOfSmallTable());
        }
    }

    /// <summary>Looks for ourselves: after joining, then after pauses that double from a minute to the usual one; while the table is thin, to two minutes.</summary>
    private void LookUpSelf(Instant now, params IEnumerable<PeerContact> more)
    {
        TimeSpan longest = _table.SoundCount < FewContacts && s_longestThinPause < _settings.RefreshInterval ? s_longestThinPause : _settings.RefreshInterval;
        _selfLookupPause = _selfLookupPause < longest ? _selfLookupPause : longest;
        _nextSelfLookup = now + _selfLookupPause;
        _selfLookupPause *= 2;
        StartUpkeep(_settings.Self.Bytes, now, more);
    }

    /// <summary>Looks up keys that nobody could foresee, for what their closest say of the size of the network: some at a time at first, then one each interval.</summary>
    private void LookUpAnywhere(Instant now)
    {
        bool isYoung = _selfLookupPause < _settings.RefreshInterval;
        int lookups = isYoung || _size.Estimate.Lookups < EnoughLookups ? LookupsAtFirst : 1;
        for (int i = 0; i < lookups; i++)
        {
            byte[] preimage = new byte[34];
            preimage[0] = (byte)Multihash.Sha256;
            preimage[1] = 32;
            _chance.NextBytes(preimage.AsSpan(2));
            StartUpkeep(preimage, now);
        }
    }

    // A request carries what is hashed, not the key: for a bucket something must be found that falls into it.
    private void Refresh(Key256 key, Instant now)
    {
        if (PreimageInBucket(_self, (key ^ _self).LeadingZeroCount) is byte[] preimage)
        {
            StartUpkeep(preimage, now);
        }
    }

    /// <summary>Something that is hashed to a key with so many first bits in common with another; null when it would have to be sought for too long.</summary>
    private byte[]? PreimageInBucket(Key256 center, int bucket)
    {
        if (bucket > DeepestRefresh)
        {
            return null;
        }

        byte[] preimage = new byte[34];
        preimage[0] = (byte)Multihash.Sha256;
        preimage[1] = 32;
        for (int tries = 0; tries < 8 << DeepestRefresh; tries++)
        {
            _chance.NextBytes(preimage.AsSpan(2));
            if ((PeerContact.KeyOf(preimage) ^ center).LeadingZeroCount == bucket)
            {
                return preimage;
            }
        }

        return null;
    }

    /// <summary>Draws what follows from a step of a query: its distances are measured, the region that it suspects is looked at, and whom its survey found is told to it.</summary>
    private void Attend(KadQuery query, KadQueryPhase before, Instant now)
    {
        bool isOfSelf = IsOfSelf(query);
        if (isOfSelf && query.Phase == KadQueryPhase.Finished && before != KadQueryPhase.Finished && query.Closest.Count == _settings.Width)
        {
            LookUpAnywhere(now);
        }
        else if (!isOfSelf)
        {
            // Who wants us to err may lie around our own key, not around one that is drawn.
            Measure(query, before, now);
        }

        Counters.Suspected += query.Phase == KadQueryPhase.Surveying && before != KadQueryPhase.Surveying ? 1 : 0;
        while (query.TryTakeSurvey(out int bucket))
        {
            Survey(query, bucket, now);
        }

        if (query.Phase == KadQueryPhase.Finished && _surveys.Remove(query, out KadQuery? surveyed))
        {
            KadQueryPhase phase = surveyed.Phase;
            surveyed.OnSurveyed(query.Closest, now);
            Attend(surveyed, phase, now);
        }
    }

    private void Survey(KadQuery query, int bucket, Instant now)
    {
        if (PreimageInBucket(query.Key, bucket) is not byte[] preimage)
        {
            query.OnSurveyed([], now);
            return;
        }

        KadQuery survey = new(_settings, KadQueryKind.ClosestPeers, preimage) { IsUpkeep = true };
        _surveys.Add(survey, query);
        Start(survey, now);
        if (survey.Phase == KadQueryPhase.Finished)
        {
            Attend(survey, KadQueryPhase.Finished, now);
        }
    }

    private void StartUpkeep(ReadOnlyMemory<byte> target, Instant now, params IEnumerable<PeerContact> more)
    {
        KadQuery query = new(_settings, KadQueryKind.ClosestPeers, target) { IsUpkeep = true };
        Start(query, now, more);
    }

    private void Admit(in PeerContact contact, Instant now)
    {
        // What the peer itself said counts more than where another says it is.
        IReadOnlyList<Multiaddr> told = _book.AddressesOf(contact.Id, now);
        PeerContact known = told.Count > 0 ? PeerContact.From(contact.Id, told) : contact;
        bool wasEmpty = _table.Count == 0;
        Admission<PeerContact> admission = _table.Admit(known, now);
        if (admission.HasDoubtful)
        {
            Check(admission.Doubtful);
        }

        if (wasEmpty && _table.Count > 0)
        {
            _selfLookupPause = s_firstSelfLookupPause;
            LookUpSelf(now);
        }
    }

    private void Check(in PeerContact contact)
    {
        PeerId id = contact.Id;
        if (_toCheck.Count < MaxWaitingChecks && !_checking.Contains(id) && !_toCheck.Any(waiting => waiting.Id == id))
        {
            _toCheck.Enqueue(contact);
        }
    }

    /// <summary>Takes from a peer that the table wants asked the addresses where nobody new is dialed now; false when none is left.</summary>
    private bool MayReach(ref PeerContact contact, Instant now)
    {
        if (_guard is null || contact.Addresses.Count == 0)
        {
            return true;
        }

        PeerContact peer = contact;
        Multiaddr[] left = [.. peer.Addresses.Where(address => !PeerContact.TryGetHost(address, out ulong host) || _guard.Allows(peer, host, now))];
        contact = left.Length < peer.Addresses.Count ? PeerContact.From(peer.Id, left) : peer;
        if (left.Length > 0)
        {
            _guard.Asked(contact, now);
        }

        return left.Length > 0;
    }

    /// <summary>Of those that an answer names the ones that may be asked: not ourselves, and not without an address that we may dial.</summary>
    private PeerContact[] MayBeAsked(KadMessage answer, Instant now)
    {
        List<PeerContact> closer = [];
        foreach (KadPeer peer in answer.Closer)
        {
            Multiaddr[] named = _settings.Policy.Kept(peer.Addresses);
            IReadOnlyList<Multiaddr> addresses = [.. _book.AddressesOf(peer.Id, now).Union(named).Take(AddressFilter.MaxKept)];
            if (peer.Id != _settings.Self && (_connected.Contains(peer.Id) || _settings.Policy.CanDial(addresses)))
            {
                closer.Add(PeerContact.From(peer.Id, addresses));
            }
        }

        return [.. closer];
    }

    private void Measure(KadQuery query, KadQueryPhase before, Instant now)
    {
        bool hasJustEnded = before is KadQueryPhase.Looking or KadQueryPhase.FollowingUp or KadQueryPhase.Surveying && query.IsSearchOver;
        bool isForeseen = !query.IsUpkeep && (query.NetworkNodes == 0 || query.IsSuspect);
        if (hasJustEnded && !isForeseen && !_surveys.ContainsKey(query) && query.Kind is KadQueryKind.ClosestPeers or KadQueryKind.Provide or KadQueryKind.PutValue && query.Closest.Count == _settings.Width)
        {
            int known = _size.Estimate.Lookups;
            _size.Observe(query.Key, [.. query.Closest.Select(contact => contact.Key)]);
            if (_size.Estimate.Lookups < Math.Min(known, EnoughLookups))
            {
                // What it spoke of is another size than now: until more is known, alarms are missed or false.
                LookUpAnywhere(now);
            }
        }
    }

    private void Enlist(KadQuery query)
    {
        if (query.IsUpkeep)
        {
            query.Detach();
        }

        if (query.Phase != KadQueryPhase.Finished)
        {
            _queries.Add(query);
        }
    }

    private void Retire() => _queries.RemoveAll(query => query.Phase == KadQueryPhase.Finished);
}
