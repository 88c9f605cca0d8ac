using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Core;

/// <summary>What we ask: opening, sending again, closing, and moving the walks forward.</summary>
internal sealed partial class MainlineProtocol
{
    // With a fifth of the datagrams lost each way one exchange works in 64 of 100 cases, two tries in 87, three in 95.
    private const int LookupAttempts = 2;
    private const int LookupParallelism = 4;
    private const int CommitAttempts = 3;
    private const int CheckAttempts = 3;
    private static readonly TimeSpan s_leastForOne = TimeSpan.FromSeconds(2);
    private const int MaxSeeds = 64;

    // With two tries each, a lookup that liars lead on sends 200 packets.
    private const int MaxRequestsOfWalk = 100;

    // For what lookups store at their end, for pings, and for upkeep.
    private const int KeptFromLookups = 1_024;

    private readonly PriorityQueue<Request, long> _resends = new();
    private readonly SilenceBreaker _silence = new();

    /// <summary>Starts a query in each address family (or in one of them).</summary>
    internal void Start(Query query, Instant now)
    {
        foreach (LocalNode local in ChooseLocals(query.Target))
        {
            StartWalk(query, local, [.. query.AlsoAsk.Where(seed => local.Accepts(seed.Endpoint))], now);
        }

        if (query.Walks.Count == 0)
        {
            query.WalkEnded();
        }
    }

    /// <summary>Asks one endpoint one question. The outcome is <see cref="DirectOutcome.NotSent"/> when no socket fits or the table of requests is full.</summary>
    internal void Start(DirectQuery query, UdpEndpoint to, Key160? knownId, Instant now, int attempts = CheckAttempts)
    {
        LocalNode? local = LocalFor(to);
        if (local is null || !Ask(query, local, new NodeContact(knownId ?? default, to), knownId is not null, attempts, now))
        {
            query.Outcome = DirectOutcome.NotSent;
            query.Changed?.Invoke();
        }
    }

    /// <summary>A consumer has taken what there was: paused walks go on.</summary>
    internal void Resume() => _shouldAdvance = true;

    private Walk StartWalk(Query query, LocalNode local, ReadOnlySpan<NodeContact> extraSeeds, Instant now, int parallelism = LookupParallelism)
    {
        Span<NodeContact> seeds = stackalloc NodeContact[MaxSeeds];
        int count = local.Table.CopyClosest(query.Target, seeds[..16]);
        foreach (NodeContact seed in extraSeeds)
        {
            if (count < seeds.Length)
            {
                seeds[count++] = seed;
            }
        }

        LookupOptions options = new()
        {
            Patience = RoundTrips.Patience,
            Parallelism = parallelism,
            MaxRequests = MaxRequestsOfWalk,
            Diversity = _settings.Diversity ? s_diversity : null,
        };
        Walk walk = new(query, local, options, seeds[..count], () => _shouldAdvance = true)
        {
            WantsBothFamilies = IsOtherFamilySparse(local),
        };
        if (LookupObserver is { } observer)
        {
            byte[] key = new byte[Key160.ByteLength];
            query.Target.Write(key);
            walk.Lookup.Listener = observer.Began(new LookupBeginning(query.Kind, key, key, query.IsUpkeep), now);
        }

        _walks.Add(walk);
        _shouldAdvance = true;
        return walk;
    }

    // With 8 places and one a prefix, five /24s cannot take them all.
    private static readonly DiversityLimits s_diversity = new() { PerPrefixInLookup = 1 };

    // BEP 45: one socket of a family asks for a target, the one whose node id is nearest to it.
    private IEnumerable<LocalNode> ChooseLocals(Key160 target)
    {
        LocalNode? best4 = null, best6 = null;
        foreach (LocalNode local in _locals)
        {
            ref LocalNode? best = ref local.IsIPv4 ? ref best4 : ref best6;
            if (best is null || (local.Id ^ target) < (best.Id ^ target))
            {
                best = local;
            }
        }

        return [.. best4 is null ? [] : new[] { best4 }, .. best6 is null ? [] : new[] { best6 }];
    }

    private LocalNode? LocalFor(UdpEndpoint to)
    {
        foreach (LocalNode local in _locals)
        {
            if (local.IsIPv4 == to.IsIPv4)
            {
                return local;
            }
        }

        return null;
    }

    // BEP 32: ask for nodes of both families while one of our tables is still empty.
    private bool IsOtherFamilySparse(LocalNode local)
    {
        foreach (LocalNode other in _locals)
        {
            if (other.IsIPv4 != local.IsIPv4 && other.Table.Count < 8)
            {
                return true;
            }
        }

        return false;
    }

    private bool MayLookUp => _requests.Count < MaxRequests - KeptFromLookups;

    /// <summary>Lets every walk ask whom it may, ends those that are done, and starts publications that are due.</summary>
    private void Advance(Instant now)
    {
        _shouldAdvance = false;
        while (HasJoined && _publications.TryStart(now, out Query due))
        {
            Start(due, now);
        }

        // Who came first asks first: when more is wanted than may be open, the others wait, and none of their contacts has failed for it.
        int next = 0;
        while (next < _walks.Count)
        {
            Walk walk = _walks[next++];
            while (!walk.IsFinished && !walk.Query.IsPaused && _outbox.HasRoom && MayLookUp && walk.Lookup.TryNext(now, out NodeContact contact))
            {
                if (_settings.Diversity && _silence.IsOpen(contact.Endpoint, now))
                {
                    Counters.SilentHostsSpared++;
                    walk.Lookup.Fail(contact, now);
                }
                else if (!Ask(walk, walk.Local, contact, isIdKnown: true, LookupAttempts, now))
                {
                    walk.Lookup.Fail(contact, now);
                }
            }

            if (!walk.IsFinished && walk.Lookup.End == LookupEnd.Exhausted && TryReseed(walk))
            {
                _shouldAdvance = true;
                continue;
            }

            if (walk is { IsFinished: false, IsCommitting: false, Lookup.IsFinished: true })
            {
                ObserveSize(walk);
                walk.Conclude((asker, contact) =>
                {
                    asker.Begin(contact, now);
                    if (!Ask(asker, asker.Local, contact, isIdKnown: true, CommitAttempts, now))
                    {
                        asker.CannotAsk(contact, now);
                    }
                });
            }

            if (walk.IsFinished)
            {
                _walks.RemoveAt(--next);
                if (walk.Query is { IsFinished: true, Publication: Publication publication } && publication.Running == walk.Query)
                {
                    EndPublication(publication, walk.Query, now);
                }
            }
        }
    }

    // In a restless network all 16 nearest of a table may have left since they were last seen. The failed ones are no longer among
    // the nearest, so the table has others to begin with; once, or a network that is away would be asked without end.
    private static bool TryReseed(Walk walk)
    {
        if (walk.IsReseeded || walk.Lookup.Answered >= walk.Lookup.Failed)
        {
            return false;
        }

        walk.IsReseeded = true;
        Span<NodeContact> seeds = stackalloc NodeContact[MaxSeeds];
        walk.Lookup.AddSeeds(seeds[..walk.Local.Table.CopyClosest(walk.Query.Target, seeds)]);
        return !walk.Lookup.IsFinished;
    }

    private void ObserveSize(Walk walk)
    {
        if (walk.Lookup.End != LookupEnd.Quorum)
        {
            return;
        }

        Span<NodeContact> nearest = stackalloc NodeContact[8];
        Span<Key160> keys = stackalloc Key160[8];
        int count = walk.Lookup.CopyClosest(nearest);
        for (int i = 0; i < count; i++)
        {
            keys[i] = nearest[i].Id;
        }

        (walk.IsJoining ? _joiningSize : _size).Observe(walk.Query.Target, keys[..count]);
    }

    private bool Ask(IAsker asker, LocalNode local, NodeContact to, bool isIdKnown, int attempts, Instant now)
    {
        if (!local.Accepts(to.Endpoint))
        {
            Counters.ForbiddenAddress++;
            return false;
        }

        Request request = new()
        {
            Asker = asker,
            Local = local,
            To = to,
            IsIdKnown = isIdKnown,
            MaxAttempts = attempts,
            SentAt = now,
            IsOpen = true,
        };

        // Attempts go out at 0, 1, 3 patiences; the last one is waited for twice as long as the one before.
        // What is sent once only is waited for at least as long as a first guess allows.
        TimeSpan lifetime = RoundTrips.Patience * ((1 << attempts) + 1);
        if (attempts == 1 && lifetime < s_leastForOne)
        {
            lifetime = s_leastForOne;
        }

        if (!_requests.TryOpen(to.Endpoint, local.Socket, request, now + lifetime, out uint transaction))
        {
            return false;
        }

        request.Transaction = transaction;
        if (!Send(request, now))
        {
            request.IsOpen = false;
            _requests.Cancel(transaction, to.Endpoint, local.Socket, out _);
            return false;
        }

        return true;
    }

    private bool Send(Request request, Instant now)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return false;
        }

        KrpcWriter writer = new(buffer);
        QueryEnvelope envelope = new(Reachability.IsReadOnly || !IsIdSettled(request.Local), request.Transaction, _settings.Version, now);
        request.Asker.Write(ref writer, request, envelope);
        if (writer.Overflowed)
        {
            return false;
        }

        _outbox.Commit(request.To.Endpoint, request.Local.Socket, writer.Length);
        Reachability.Contacted(request.To.Endpoint);
        request.Attempts++;
        if (request.Attempts < request.MaxAttempts)
        {
            _resends.Enqueue(request, (now + (RoundTrips.Patience * (1 << (request.Attempts - 1)))).Ticks);
        }

        return true;
    }

    private void ResendDue(Instant now)
    {
        while (_resends.TryPeek(out Request? request, out long due) && (due <= now.Ticks || !request.IsOpen))
        {
            _resends.Dequeue();
            if (request.IsOpen)
            {
                Send(request, now);
            }
        }
    }

    private void ExpireRequests(Instant now)
    {
        while (_requests.TryExpire(now, out _, out _, out Request request))
        {
            request.IsOpen = false;
            Failed(request.Local, request.To, now);
            _silence.Silent(request.To.Endpoint, request.Attempts, now);
            request.Asker.Silent(request, now);
        }
    }

    private void Failed(LocalNode local, NodeContact contact, Instant now)
    {
        if (local.Table.Failed(contact, now))
        {
            BootstrapOf(local).Lost(contact.Endpoint, now, _chance);
        }

        // Who fails is tried again after a pause of its own, sooner than upkeep was planned.
        _upkeepAt = Instant.Earlier(_upkeepAt, local.Table.NextDeadline);
    }

    private void ReceiveReply(LocalNode local, in KrpcMessage message, UdpEndpoint from, Instant now)
    {
        if (message.Transaction.Length != 4
            || !_requests.TryClose(BinaryPrimitives.ReadUInt32BigEndian(message.Transaction), from, local.Socket, out Request request))
        {
            Counters.Unmatched++;
            return;
        }

        // Whatever it says, it says it from where we asked.
        _limiter.Prove(from, now);
        request.IsOpen = false;
        _shouldAdvance = true;
        _silence.Answered(from);
        if (request.Attempts == 1)
        {
            RoundTrips.Sample(now - request.SentAt);
        }
        else
        {
            RoundTrips.SampleAmbiguous(now - request.SentAt);
        }

        if (message.Kind == KrpcKind.Error)
        {
            // It lives, and it is who we asked as far as an error can tell; it is not admitted for that.
            Counters.Errors++;
            request.Asker.Refused(request, message.ErrorCode, now);
            return;
        }

        if (message.Fault != KrpcFault.None || !message.HasId || (request.IsIdKnown && message.Id != request.To.Id) || message.Id == local.Id)
        {
            // BEP 5 knows nodes by id: another id at the same endpoint is another node, and the one that we asked is gone. But a liar may
            // have named a true node's endpoint under a wrong id: who answers as the one that our table knows there is alive.
            Counters.WrongId++;
            if (message.HasId && message.Fault == KrpcFault.None && message.Id != local.Id)
            {
                NodeContact actual = new(message.Id, from);
                Recognized(local, actual, now);
                request.Asker.Mistaken(request, actual, now);
            }
            else
            {
                Failed(local, request.To, now);
                request.Asker.Silent(request, now);
            }

            return;
        }

        Counters.Answers++;
        NodeContact contact = new(message.Id, from);
        Verified(local, contact, now);
        if (UdpEndpoint.TryReadCompact(message.ExternalAddress, out UdpEndpoint seen) && seen.IsIPv4 == local.IsIPv4)
        {
            CountVote(local, from, seen, now);
        }

        SeedOtherFamily(local, message, now);
        request.Asker.Answered(request, message, contact, now);
    }

    // A stranger's node may not know its address yet, and takes another id once it does (BEP 42). Whoever had taken it into a table
    // would hold a node that no longer exists, so until voters agree, or the first join is over without them, our queries say "ro".
    private bool IsIdSettled(LocalNode local) =>
        !_settings.SecuresId
        || local.Scope == AddressScope.Private
        || local.Votes.Agreed is not null
        || BootstrapOf(local).HasEnded
        || (!AddressScopes.IsLocal(local.Bound) && SecureNodeId.IsValid(local.Id, local.Bound));

    // Asked under an id that it does not have: who stands in the table under the one it has is alive, who stands there under another is gone.
    private static void Recognized(LocalNode local, NodeContact actual, Instant now)
    {
        if (local.Table.Find(actual) is { } entry && entry.Id != actual.Id)
        {
            local.Table.Remove(actual);
        }
        else
        {
            local.Table.Answered(actual, now);
        }
    }

    private void Verified(LocalNode local, NodeContact contact, Instant now)
    {
        Admission<NodeContact> admission = local.Table.Admit(contact, now);
        if (!HasJoined)
        {
            // Who waits to use the network need not wait for the last dead contact of the join.
            JoinChanged?.Invoke();
        }

        if (admission.HasDoubtful)
        {
            Check(local, admission.Doubtful, now);
        }
    }

    // The table never pings: it names who is doubtful, and this is what checking means here.
    private void Check(LocalNode local, NodeContact contact, Instant now) =>
        Ask(new DirectQuery(KrpcMethod.Ping, default), local, contact, isIdKnown: true, CheckAttempts, now);

    private void CountVote(LocalNode local, UdpEndpoint voter, UdpEndpoint seen, Instant now)
    {
        bool wasKnown = local.Votes.Agreed is not null;
        if (!local.Votes.Cast(voter.Prefix, seen) || local.Votes.Agreed is not UdpEndpoint agreed)
        {
            return;
        }

        if (_settings.SecuresId && !SecureNodeId.IsValid(local.Id, agreed))
        {
            local.ChangeId(SecureNodeId.Create(agreed, _chance), now);
            BootstrapOf(local).IdChanged();
            _upkeepAt = now;
        }

        // The first agreement only names the address at which somebody may have reached us already.
        if (wasKnown)
        {
            Reachability.AddressChanged(now);
        }
    }
}
