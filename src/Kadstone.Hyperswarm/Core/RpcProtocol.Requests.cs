using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What we ask: opening, sending again, closing, and moving the walks forward.</summary>
internal sealed partial class RpcProtocol : IWalkHost
{
    // dht-rpc sends six times in a query and four times otherwise, a second apart. Three find 95 of 100 with a fifth of the datagrams lost each way.
    private const int LookupAttempts = 3;
    private const int CheckAttempts = 3;
    private const int DeafAfter = 20;
    private static readonly TimeSpan s_leastForOne = TimeSpan.FromSeconds(2);

    private const int MaxWaiting = 1_024;

    private readonly PriorityQueue<OpenRequest, long> _resends = new();
    private readonly Queue<OpenRequest> _waiting = new();
    private readonly CongestionWindow _window = new();
    private readonly WrongAnswers _wrong = new();
    private bool _isHeldUp;
    private int _silentInARow;

    int IWalkHost.ReadContacts(in RpcMessage answer, Span<RpcContact> contacts)
    {
        int count = 0;
        foreach (UdpEndpoint endpoint in answer.CloserNodes.Take(contacts.Length))
        {
            if (!Accepts(endpoint))
            {
                continue;
            }

            contacts[count] = RpcContact.FromEndpoint(endpoint);
            count += IsOwn(contacts[count]) ? 0 : 1;
        }

        return count;
    }

    bool IWalkHost.SendCommit(IAsker asker, Question question, RpcContact to, ReadOnlyMemory<byte> token, Instant now) =>
        Ask(asker, question, to, token, LookupAttempts, now);

    void IWalkHost.Hint(UdpEndpoint namer, UdpEndpoint silent, Instant now)
    {
        if (_hintsLeft > 0)
        {
            _hintsLeft--;
            byte[] hint = new byte[EndpointLength];
            RpcEndpoints.Write(hint, silent);
            Counters.Hints++;
            Ask(new DirectQuery(), new Question((uint)RpcInternalCommand.DownHint, IsInternal: true, null, hint), RpcContact.FromEndpoint(namer), null, attempts: 1, now);
        }
    }

    /// <summary>A query whose answers the caller takes.</summary>
    internal Walk Start(Question question, Key256 target, bool keeps, bool commits, Action changed, Instant now) =>
        Start(new WalkPlan(question, target) { Keeps = keeps, Commits = commits, Changed = changed }, now);

    /// <summary>A query.</summary>
    internal Walk Start(WalkPlan plan, Instant now)
    {
        RpcContact[] seeds = new RpcContact[Walk.Width + MaxBootstrap + MaxLost];
        Walk walk = plan.Nodes is { } nodes
            ? new Walk(this, plan, OnlyThese(plan, nodes.Count), [.. nodes.Select(RpcContact.FromEndpoint)])
            : new Walk(this, plan, TowardsTarget(plan), seeds.AsSpan(0, CopySeeds(plan.Target, seeds)));
        if (LookupObserver is { } observer)
        {
            byte[] key = new byte[Key256.ByteLength];
            plan.Target.Write(key);
            walk.Lookup.Listener = observer.Began(new LookupBeginning(plan.Kind, key, key, plan.IsUpkeep), now);
        }

        _walks.Add(walk);
        _shouldAdvance = true;
        return walk;
    }

    private LookupOptions TowardsTarget(WalkPlan plan) => new()
    {
        Width = Walk.Width,
        Parallelism = plan.Concurrency ?? WalkPlan.DefaultConcurrency,
        ClosingParallelism = Math.Min(Walk.Reach, plan.Concurrency ?? Walk.Reach),
        Quorum = Walk.Reach,
        Patience = RoundTrips.Patience,
        Diversity = _settings.Diversity ? new DiversityLimits() : null,
    };

    // All that were named are asked and waited for; nobody is nearer, and nobody too many.
    private LookupOptions OnlyThese(WalkPlan plan, int count) => new()
    {
        Width = Math.Max(1, count),
        Parallelism = plan.Concurrency ?? WalkPlan.DefaultConcurrency,
        ClosingParallelism = 0,
        Quorum = Math.Max(1, count),
        Patience = RoundTrips.Patience,
        MaxCandidates = Math.Max(1, count),
        MaxRequests = count + 1,
    };

    /// <summary>Asks one endpoint one question. The outcome is <see cref="DirectOutcome.NotSent"/> when it may not be asked or too much is open.</summary>
    internal void Start(DirectQuery query, Question question, RpcContact to, int attempts, Instant now, ReadOnlyMemory<byte>? token = null)
    {
        if (!Ask(query, question, to, token, attempts, now))
        {
            query.NotSent();
        }
    }

    /// <summary>A caller has taken what there was, or is gone: walks go on.</summary>
    internal void Resume() => _shouldAdvance = true;

    private bool Accepts(UdpEndpoint endpoint) => endpoint.IsIPv4 && _settings.Scope.Allows(endpoint);

    /// <summary>Sends what waits, lets every walk ask whom it may, and ends those that are done.</summary>
    private void Advance(Instant now)
    {
        _shouldAdvance = false;
        _isHeldUp = false;
        SendWaiting(now);
        for (int i = _walks.Count - 1; i >= 0; i--)
        {
            Walk walk = _walks[i];
            while (MayAsk(walk, now) && walk.Lookup.TryNext(now, out RpcContact contact))
            {
                if (!Ask(walk, walk.Question, contact, null, LookupAttempts, now))
                {
                    walk.CannotAsk(contact, now);
                }
            }

            if (!walk.IsFinished && walk.Lookup.IsFinished)
            {
                ObserveSize(walk);
                walk.Conclude(now);
            }

            if (walk.IsFinished)
            {
                _walks.RemoveAt(i);
            }
        }
    }

    private void ObserveSize(Walk walk)
    {
        if (walk.IsConcluded || walk.Lookup.End is not (LookupEnd.Quorum or LookupEnd.Exhausted) || walk.Plan.Nodes is not null)
        {
            return;
        }

        Span<RpcContact> nearest = stackalloc RpcContact[Walk.Width];
        Span<Key256> keys = stackalloc Key256[Walk.Width];
        int count = walk.Lookup.CopyClosest(nearest);

        // Nodes name their neighbours and not 36, so that most searches end with everybody asked. Fewer than twenty are the closest when all answered.
        bool hasAll = count == nearest.Length || walk.Lookup.Answered == walk.Lookup.Asked;
        for (int i = 0; i < count; i++)
        {
            keys[i] = nearest[i].Key;
        }

        (walk.Plan.IsJoining ? _joiningSize : _size).Observe(walk.Plan.Target, hasAll ? keys[..count] : []);
    }

    // A lookup counts the time from its asking: while the window is closed it is not let ask.
    private bool MayAsk(Walk walk, Instant now)
    {
        if (walk.IsFinished || walk.IsPaused)
        {
            return false;
        }

        if (!_outbox.HasRoom)
        {
            // It is emptied at once, and then asked for more.
            _shouldAdvance = true;
            return false;
        }

        bool isOpen = _window.HasRoom(now) && _waiting.Count == 0;
        _isHeldUp |= !isOpen;
        return isOpen;
    }

    private bool Ask(IAsker asker, Question question, RpcContact to, ReadOnlyMemory<byte>? token, int attempts, Instant now, byte? answerSocket = null)
    {
        if (!Accepts(to.Endpoint) || IsOwn(to))
        {
            Counters.ForbiddenAddress++;
            return false;
        }

        OpenRequest request = new()
        {
            Asker = asker,
            Question = question,
            To = to,
            Socket = AskingSocket,
            AnswerSocket = answerSocket ?? AskingSocket,
            Token = token,
            MaxAttempts = attempts,
            SentAt = now,
            IsOpen = true,
        };

        // Attempts go out at 0, 1, 3 patiences; the last one is waited for twice as long as the one before.
        TimeSpan lifetime = RoundTrips.Patience * ((1 << attempts) + 1);
        lifetime = lifetime < s_leastForOne ? s_leastForOne : lifetime;
        if (!_requests.TryOpen(to.Endpoint, request.AnswerSocket, request, now + lifetime, out uint transaction))
        {
            return false;
        }

        request.Transaction = transaction;
        if (!Send(request, now))
        {
            request.IsOpen = false;
            _requests.Cancel(transaction, to.Endpoint, request.AnswerSocket, out _);
            return false;
        }

        return true;
    }

    /// <summary>Sends a request, or lets it wait until the window opens.</summary>
    private bool Send(OpenRequest request, Instant now)
    {
        if (_waiting.Count == 0 && _window.HasRoom(now))
        {
            return Post(request, now);
        }

        if (_waiting.Count >= MaxWaiting)
        {
            Counters.WindowFull++;
            return false;
        }

        _waiting.Enqueue(request);
        return true;
    }

    private void SendWaiting(Instant now)
    {
        while (_waiting.TryPeek(out OpenRequest? request) && (IsOver(request) || (_window.HasRoom(now) && _outbox.HasRoom)))
        {
            _waiting.Dequeue();
            if (!IsOver(request))
            {
                Post(request, now);
            }
        }

        _shouldAdvance |= _waiting.Count > 0 && !_outbox.HasRoom;
    }

    private static bool IsOver(OpenRequest request) => !request.IsOpen || request.Asker.IsOver;

    private bool Post(OpenRequest request, Instant now)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return false;
        }

        RpcWriter writer = RpcWriter.Request(buffer, (ushort)request.Transaction, request.To.Endpoint);
        Write(ref writer, request);
        if (writer.Overflowed)
        {
            return false;
        }

        _outbox.Commit(request.To.Endpoint, request.Socket, writer.Length);
        _window.Sent(now);
        request.Attempts++;
        request.SentAt = now;
        if (request.Attempts < request.MaxAttempts)
        {
            _resends.Enqueue(request, (now + (RoundTrips.Patience * (1 << (request.Attempts - 1)))).Ticks);
        }

        return true;
    }

    private void Write(ref RpcWriter writer, OpenRequest request)
    {
        Question question = request.Question;
        if (IsPersistent && request.Socket == ServerSocket)
        {
            writer.Id(Id);
        }

        if (request.Token is ReadOnlyMemory<byte> token)
        {
            writer.Token(token.Span);
        }

        if (question.IsInternal)
        {
            writer.Command((RpcInternalCommand)question.Command);
        }
        else
        {
            writer.Command(question.Command);
        }

        if (question.Target is Key256 target)
        {
            writer.Target(target);
        }

        if (question.Value is ReadOnlyMemory<byte> value)
        {
            writer.Value(value.Span);
        }
    }

    private void ResendDue(Instant now)
    {
        while (_resends.TryPeek(out OpenRequest? request, out long due) && (due <= now.Ticks || !request.IsOpen))
        {
            _resends.Dequeue();
            if (!IsOver(request))
            {
                Send(request, now);
            }
        }
    }

    private void ExpireRequests(Instant now)
    {
        while (_requests.TryExpire(now, out _, out UdpEndpoint to, out OpenRequest request))
        {
            request.IsOpen = false;
            if (!_requests.IsAwaiting(to))
            {
                _wrong.Forget(to);
            }

            // Who was never asked, or not as often as it takes, has not failed.
            if (request.Attempts > 0 && !request.Asker.IsOver)
            {
                _health.Silent();
                _silentInARow++;
                Failed(request.To, now);
            }

            request.Asker.Silent(request, now);
            _shouldAdvance = true;
        }
    }

    // Somebody tries numbers in the name of one whom we asked, who may be as sound as before: it keeps its place.
    private void GiveUpIfForged(UdpEndpoint from, Instant now)
    {
        if (!_wrong.IsTooMany(from, _requests.CountOpenTo(from)))
        {
            return;
        }

        while (_requests.TryGiveUp(from, out OpenRequest? request))
        {
            Counters.GivenUp++;
            request.IsOpen = false;
            request.Asker.Silent(request, now);
            _shouldAdvance = true;
        }
    }

    private void ReceiveResponse(in RpcMessage message, UdpEndpoint from, byte socket, Instant now)
    {
        if (!_requests.TryClose(message.Transaction, from, socket, out OpenRequest request))
        {
            Counters.Unmatched++;
            GiveUpIfForged(from, now);
            return;
        }

        Counters.Answers++;
        _wrong.Forget(from);
        request.IsOpen = false;
        _shouldAdvance = true;
        _limiter.Prove(from, now);
        _window.Answered(now);
        _health.Answered();
        _silentInARow = 0;
        if (request.Attempts == 1)
        {
            RoundTrips.Sample(now - request.SentAt);
        }
        else
        {
            RoundTrips.SampleAmbiguous(now - request.SentAt);
        }

        // An id that is not the hash of the address is no id: the sender is behind a NAT, or binds another address. It does not belong into tables.
        bool hasId = message.TryGetContact(from, out RpcContact contact);
        if (hasId)
        {
            Verified(contact, now);
        }
        else
        {
            Table.Remove(request.To);
        }

        Sample(message, from, socket, hasId, now);
        request.Asker.Answered(request, message, hasId, now);
    }
}
