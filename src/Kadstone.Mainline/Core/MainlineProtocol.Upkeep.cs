using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Core;

/// <summary>What is due by the clock: joining, checking doubtful contacts, refreshing buckets, publishing again, expiring peers.</summary>
internal sealed partial class MainlineProtocol
{
    private static readonly TimeSpan s_leastUpkeepPause = TimeSpan.FromMilliseconds(250);

    // The first node of a network has no deadline at all when it starts; what comes in later (contacts, peers) sets none.
    private static readonly TimeSpan s_longestUpkeepPause = TimeSpan.FromMinutes(1);
    private const int MaxChecksAtOnce = 8;

    // Half of the saved contacts may be dead, and each of those holds its slot for a second.
    private const int SavedParallelism = 16;

    private readonly Publications _publications;
    private readonly Bootstrap[] _bootstraps;
    private Instant _upkeepAt;

    internal IReadOnlyList<Publication> Published => _publications.All;

    /// <summary>Whether the first join has ended: with contacts, or because there is nobody to ask.</summary>
    internal bool HasJoined => Array.TrueForAll(_bootstraps, bootstrap => bootstrap.HasEnded);

    /// <summary>Whether anybody answers: at least one contact in a table that is not failing.</summary>
    internal int ContactCount
    {
        get
        {
            int count = 0;
            foreach (LocalNode local in _locals)
            {
                count += local.Table.Count;
            }

            return count;
        }
    }

    /// <summary>Called when joining makes progress; under the driver's lock, so it may only signal.</summary>
    internal Action? JoinChanged { get; set; }

    /// <summary>Takes contacts of an earlier life: candidates only, verified before they are handed out.</summary>
    internal void AddSaved(IEnumerable<NodeContact> contacts)
    {
        foreach (NodeContact contact in contacts)
        {
            foreach (Bootstrap bootstrap in _bootstraps)
            {
                if (bootstrap.Local.Accepts(contact.Endpoint))
                {
                    bootstrap.AddSaved(contact);
                    break;
                }
            }
        }
    }

    /// <summary>Takes an endpoint to join through; its id is learnt from its answer.</summary>
    internal void AddRouter(UdpEndpoint router, Instant now)
    {
        foreach (Bootstrap bootstrap in _bootstraps)
        {
            if (bootstrap.Local.Accepts(router))
            {
                bootstrap.AddRouter(router, now);
            }
        }

        _upkeepAt = Instant.Earlier(_upkeepAt, now);
    }

    /// <summary>An answer in one family brings nodes of the other: they are whom to join through while nobody else is known (BEP 32).</summary>
    private void SeedOtherFamily(LocalNode local, in KrpcMessage answer, Instant now)
    {
        Span<NodeContact> contacts = stackalloc NodeContact[8];
        foreach (Bootstrap bootstrap in _bootstraps)
        {
            if (bootstrap.Local.IsIPv4 == local.IsIPv4 || !bootstrap.WantsSeeds(now))
            {
                continue;
            }

            int count = bootstrap.Local.ReadContacts(answer, contacts);
            if (count > 0)
            {
                bootstrap.AddSeeds(contacts[..count], now);
                _upkeepAt = Instant.Earlier(_upkeepAt, now);
            }
        }
    }

    /// <summary>Begins to join. Call once, after routers and saved contacts were added.</summary>
    internal void Join(Instant now)
    {
        foreach (Bootstrap bootstrap in _bootstraps)
        {
            bootstrap.Begin(now);
        }

        _upkeepAt = now;
        Elapse(now);
    }

    internal void Publish(Publication publication, Instant now)
    {
        _publications.Add(publication, now);
        _upkeepAt = Instant.Earlier(_upkeepAt, _publications.NextDeadline);
        _shouldAdvance = true;
    }

    internal void Withdraw(Publication publication) => _publications.Remove(publication);

    /// <summary>The peers that strangers announced to us, of both families.</summary>
    internal IReadOnlyList<UdpEndpoint> StoredPeers(Key160 infoHash, Instant now)
    {
        List<UdpEndpoint> peers = [];
        byte[] packed = new byte[MaxValues * 18];
        foreach (bool isIPv4 in (ReadOnlySpan<bool>)[true, false])
        {
            int size = isIPv4 ? 6 : 18;
            int count = Peers.CopyPeers(infoHash, isIPv4, noSeeds: false, MaxValues, packed, now);
            for (int i = 0; i < count; i++)
            {
                if (UdpEndpoint.TryReadCompact(packed.AsSpan(i * size, size), out UdpEndpoint peer))
                {
                    peers.Add(peer);
                }
            }
        }

        return peers;
    }

    private void EndPublication(Publication publication, Query query, Instant now)
    {
        publication.LastAt = now;
        publication.LastStored = query.Committed().Stored;
        publication.HadNothingToTell = !query.Commits && query.Outcome().Answered > 0;
        publication.Rounds++;
        _publications.Ended(publication, now, query.HadNobodyToAsk);
        query.Shed();
        publication.Told?.Invoke(publication);
        _upkeepAt = Instant.Earlier(_upkeepAt, Instant.Later(_publications.NextDeadline, now));
    }

    private void Upkeep(Instant now)
    {
        Instant next = Instant.Never;
        bool portsAgree = true;
        foreach (LocalNode local in _locals)
        {
            for (int checks = 0; checks < MaxChecksAtOnce && MayCheck(now) && local.Table.TryNextDoubtful(now, out NodeContact doubtful); checks++)
            {
                Check(local, doubtful, now);
                _nextCheckAt = now + (s_recovery / Math.Max(1, ContactCount));
            }

            portsAgree &= local.Votes.Agreed is null || local.Votes.PortsAgree;
        }

        foreach (Bootstrap bootstrap in _bootstraps)
        {
            next = Instant.Earlier(next, Join(bootstrap, now));
            if (!IsRefreshing && MayRefresh(now) && bootstrap.Local.Table.TryNextRefresh(now, out Key160 target))
            {
                Refresh(bootstrap.Local, target, now);
                _nextRefreshAt = now + RefreshPause;
            }

            Instant due = bootstrap.Local.Table.NextDeadline;
            next = Instant.Earlier(next, now < _recoversUntil ? Instant.Later(due, Instant.Earlier(_nextCheckAt, _nextRefreshAt)) : due);
        }

        if (Reachability.Elapse(now, portsAgree))
        {
            // Our neighbours hear that we serve, and hand us out: a stranger that comes thereupon is the proof. When none came they
            // hear "ro", and drop us.
            foreach (LocalNode local in _locals)
            {
                StartWalk(OwnQuery(local.Id), local, [], now);
            }
        }

        Peers.Expire(now);
        next = Instant.Earlier(next, Reachability.NextDeadline);
        next = Instant.Earlier(next, Peers.NextDeadline);
        next = Instant.Earlier(next, _publications.NextDeadline);
        _upkeepAt = Instant.Later(Instant.Earlier(next, now + s_longestUpkeepPause), now + s_leastUpkeepPause);
    }

    private Bootstrap BootstrapOf(LocalNode local) => Array.Find(_bootstraps, bootstrap => bootstrap.Local == local) ?? _bootstraps[0];

    // After a suspend everything is due at once. The table is as good as it was, so it is gone through at the usual pace.
    private static readonly TimeSpan s_leap = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_recovery = TimeSpan.FromMinutes(15);
    private Instant _plannedAt = Instant.Never;
    private Instant _recoversUntil;
    private Instant _nextCheckAt;
    private Instant _nextRefreshAt;

    private TimeSpan RefreshPause => s_recovery / (1 + (ContactCount / 8));

    private bool MayCheck(Instant now) => now >= _recoversUntil || now >= _nextCheckAt;

    private bool MayRefresh(Instant now) => now >= _recoversUntil || now >= _nextRefreshAt;

    private void NoteLeap(Instant now)
    {
        if (_plannedAt < Instant.Never && now - _plannedAt > s_leap)
        {
            _recoversUntil = now + s_recovery;
            _nextCheckAt = now;
            _nextRefreshAt = now + RefreshPause;
        }
    }

    private Walk? _refresh;

    private bool IsRefreshing => _refresh is { IsFinished: false };

    private Walk Refresh(LocalNode local, Key160 target, Instant now) =>
        _refresh = StartWalk(OwnQuery(target), local, [], now);

    // What upkeep starts brings upkeep back when it ends.
    private FindNodeQuery OwnQuery(Key160 target)
    {
        FindNodeQuery query = new(target) { IsUpkeep = true };
        query.Changed = () => _upkeepAt = query.IsFinished ? default : _upkeepAt;
        return query;
    }

    private Instant Join(Bootstrap bootstrap, Instant now)
    {
        LocalNode local = bootstrap.Local;
        switch (bootstrap.NextStep(now))
        {
            case BootstrapStep.WalkToSelf:
                NodeContact[] saved = bootstrap.TakeSaved();
                bootstrap.Walk = StartWalk(OwnQuery(local.Id), local, saved, now, saved.Length > 0 ? SavedParallelism : LookupParallelism);
                bootstrap.Walk.IsJoining = true;
                break;
            case BootstrapStep.AskRouter when bootstrap.TryNextRouter(now, out UdpEndpoint router):
                AskToJoin(bootstrap, router, now);
                break;
            case BootstrapStep.AskLost when bootstrap.TryNextLost(now, _chance, out UdpEndpoint lost):
                AskToJoin(bootstrap, lost, now);
                break;
            case BootstrapStep.FillBucket:
                if (!IsRefreshing && bootstrap.TryNextBucket(_chance, out Key160 target))
                {
                    Refresh(local, target, now).IsJoining = true;
                }

                break;
            default:
                break;
        }

        if (bootstrap.HasJustEnded())
        {
            _shouldAdvance = true;
            JoinChanged?.Invoke();
        }

        return bootstrap.NextDeadline(now);
    }

    private void AskToJoin(Bootstrap bootstrap, UdpEndpoint router, Instant now)
    {
        DirectQuery question = new(KrpcMethod.FindNode, bootstrap.Local.Id)
        {
            OnAnswered = (from, contacts, at) => RouterAnswered(bootstrap, from, contacts, at),
        };
        Start(question, router, null, now, attempts: 1);
    }

    private void RouterAnswered(Bootstrap bootstrap, NodeContact from, IReadOnlyList<NodeContact> contacts, Instant now)
    {
        if (bootstrap.Found(from.Endpoint) && !bootstrap.IsThin && contacts.All(bootstrap.Local.Table.Contains))
        {
            return;
        }

        NodeContact[] seeds = [from, .. contacts];
        if (bootstrap.Walk is { IsFinished: false } walk)
        {
            walk.Lookup.AddSeeds(seeds);
        }
        else
        {
            bootstrap.Walk = StartWalk(OwnQuery(bootstrap.Local.Id), bootstrap.Local, seeds, now);
            bootstrap.Walk.IsJoining = true;
        }

        _shouldAdvance = true;
        _upkeepAt = now;
    }
}
