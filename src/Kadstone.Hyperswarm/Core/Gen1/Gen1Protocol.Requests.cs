using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>What we ask: opening, sending again, closing, and moving the walks forward.</summary>
internal sealed partial class Gen1Protocol : IGen1WalkHost
{
    // udp-request 1 waits for 1.25 to 1.5 s and, as dht-rpc uses it, sends once. A query has other nodes to ask; who asks one node has not.
    private const int WalkAttempts = 1;
    private const int DirectAttempts = 2;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMilliseconds(1_500);

    private readonly PriorityQueue<Gen1OpenRequest, long> _resends = new();
    private readonly WrongAnswers _wrong = new();

    int IGen1WalkHost.ReadContacts(in Gen1Message answer, Span<Gen1Contact> contacts)
    {
        int count = 0;
        foreach (Gen1Contact contact in answer.Nodes)
        {
            if (count == contacts.Length)
            {
                break;
            }

            if (Accepts(contact.Endpoint) && !IsOwn(contact))
            {
                contacts[count++] = contact;
            }
        }

        return count;
    }

    bool IGen1WalkHost.Punch(IGen1Asker asker, Gen1Contact contact, UdpEndpoint referrer, Instant now) =>
        Ask(asker, Gen1Question.Ping, contact, null, WalkAttempts, now, referrer);

    bool IGen1WalkHost.AskAgain(IGen1Asker asker, Gen1Question question, Gen1Contact contact, Instant now) =>
        Ask(asker, question, contact, null, WalkAttempts, now);

    /// <summary>A query whose answers the caller takes.</summary>
    internal Gen1Walk Start(Gen1Question question, Key256 target, Gen1WalkOptions options, Instant now) => Start(question, target, options, isJoin: false, now);

    /// <summary>Asks one endpoint whether it is there, if need be by way of a referrer. The outcome is <see cref="DirectOutcome.NotSent"/> when it may not be asked or too much is open.</summary>
    internal void Ping(Gen1DirectQuery query, UdpEndpoint to, Instant now, UdpEndpoint? referrer = null)
    {
        if (!Ask(query, Gen1Question.Ping, new Gen1Contact(default, to), null, DirectAttempts, now, referrer))
        {
            query.NotSent();
        }
    }

    /// <summary>A caller has taken what there was, or is gone: walks go on.</summary>
    internal void Resume() => _shouldAdvance = true;

    private Gen1Walk Start(Gen1Question question, Key256 target, Gen1WalkOptions options, bool isJoin, Instant now)
    {
        Span<Gen1Contact> seeds = stackalloc Gen1Contact[Gen1Walk.Width];
        int count = Table.CopyClosest(target, seeds);
        LookupOptions lookup = new()
        {
            Width = Gen1Walk.Width,
            Parallelism = options.Concurrency,
            ClosingParallelism = 0,
            Quorum = Gen1Walk.Width,
            Patience = RoundTrips.Patience < s_lifetime ? RoundTrips.Patience : s_lifetime,
            Diversity = _settings.Diversity ? new DiversityLimits() : null,
        };

        // Bootstrap nodes only where the table knows fewer: their operators carry the whole network's starts already.
        bool needsStart = isJoin || count < _bootstrap.Count;
        Gen1Walk walk = new(this, question, target, options, lookup, seeds[..count], needsStart ? _bootstrap : []);
        _walks.Add(walk);
        _shouldAdvance = true;
        return walk;
    }

    /// <summary>Lets every walk ask whom it may, and ends those that are done.</summary>
    private void Advance(Instant now)
    {
        _shouldAdvance = false;
        for (int i = _walks.Count - 1; i >= 0; i--)
        {
            Gen1Walk walk = _walks[i];
            AskAll(walk, now);
            walk.Conclude();

            // What it concluded may be a commit to begin.
            AskAll(walk, now);
            walk.Conclude();
            if (walk.IsFinished)
            {
                _walks.RemoveAt(i);
            }
        }
    }

    /// <summary>Walks that may not wait: none of their contacts has failed for it.</summary>
    private bool MayAsk => _requests.Count < MaxRequests;

    private void AskAll(Gen1Walk walk, Instant now)
    {
        while (_outbox.HasRoom && MayAsk && walk.TryNext(now, out Gen1Step step))
        {
            if (!Ask(step.Asker, step.Question, step.To, step.Token, WalkAttempts, now))
            {
                walk.NotSent(step, now);
            }
        }
    }

    private bool Ask(
        IGen1Asker asker,
        Gen1Question question,
        Gen1Contact to,
        ReadOnlyMemory<byte>? token,
        int attempts,
        Instant now,
        UdpEndpoint? referrer = null)
    {
        if (!Accepts(to.Endpoint) || IsOwn(to) || (referrer is UdpEndpoint via && (!Accepts(via) || IsOwn(via))))
        {
            Counters.ForbiddenAddress++;
            return false;
        }

        Gen1OpenRequest request = new()
        {
            Asker = asker,
            Question = question,
            To = to,
            Referrer = referrer,
            Token = token,
            MaxAttempts = attempts,
            SentAt = now,
            IsOpen = true,
        };
        if (!_requests.TryOpen(to.Endpoint, 0, request, now + s_lifetime, out uint transaction))
        {
            return false;
        }

        request.Transaction = transaction;
        if (!Send(request, now))
        {
            request.IsOpen = false;
            _requests.Cancel(transaction, to.Endpoint, 0, out _);
            return false;
        }

        return true;
    }

    // With a referrer the contact is asked twice under one transaction: what we send it ourselves opens our own NAT for its answer.
    private bool Send(Gen1OpenRequest request, Instant now)
    {
        if (!Send(request, request.To.Endpoint, null) || (request.Referrer is UdpEndpoint via && !Send(request, via, request.To.Endpoint)))
        {
            return false;
        }

        request.Attempts++;
        request.SentAt = now;
        if (request.Attempts < request.MaxAttempts)
        {
            _resends.Enqueue(request, (now + (s_lifetime / request.MaxAttempts)).Ticks);
        }

        return true;
    }

    private bool Send(Gen1OpenRequest request, UdpEndpoint to, UdpEndpoint? forwardTo)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return false;
        }

        Gen1Question question = request.Question;
        Gen1Writer writer = new(buffer);
        writer.BeginRequest((ushort)request.Transaction, question.Command.Span);

        // dht-rpc takes the id of a ping that was passed on for its sender's: without one nobody is mistaken.
        if (!IsEphemeral && forwardTo is null)
        {
            writer.Id(Id);
        }

        if (question.Target is Key256 target)
        {
            writer.Target(target);
        }

        if (forwardTo is UdpEndpoint hidden)
        {
            writer.ForwardRequest(hidden);
        }

        if (request.Token is ReadOnlyMemory<byte> token)
        {
            writer.RequestToken(token.Span);
        }

        if (question.Value is ReadOnlyMemory<byte> value)
        {
            writer.Value(value.Span);
        }

        if (writer.Overflowed)
        {
            return false;
        }

        _outbox.Commit(to, 0, writer.Length);
        return true;
    }

    private void ResendDue(Instant now)
    {
        while (_resends.TryPeek(out Gen1OpenRequest? request, out long due) && (due <= now.Ticks || !request.IsOpen))
        {
            _resends.Dequeue();
            if (request.IsOpen && !request.Asker.IsOver)
            {
                Send(request, now);
            }
        }
    }

    private void ExpireRequests(Instant now)
    {
        while (_requests.TryExpire(now, out _, out UdpEndpoint to, out Gen1OpenRequest request))
        {
            request.IsOpen = false;
            if (!_requests.IsAwaiting(to))
            {
                _wrong.Forget(to);
            }

            if (request.Referrer is null)
            {
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

        while (_requests.TryGiveUp(from, out Gen1OpenRequest? request))
        {
            Counters.GivenUp++;
            request.IsOpen = false;
            request.Asker.Silent(request, now);
            _shouldAdvance = true;
        }
    }

    private void ReceiveResponse(in Gen1Message message, UdpEndpoint from, Instant now)
    {
        if (!_requests.TryClose(message.Transaction, from, 0, out Gen1OpenRequest request))
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
        if (request.Referrer is null)
        {
            SampleRoundTrip(request, now);
        }

        // Without an id it is ephemeral, and does not belong into tables.
        if (message.HasId)
        {
            Verified(new Gen1Contact(message.Id, from), now);
        }
        else
        {
            Table.Remove(request.To);
        }

        request.Asker.Answered(request, message, now);
    }

    private void SampleRoundTrip(Gen1OpenRequest request, Instant now)
    {
        if (request.Attempts == 1)
        {
            RoundTrips.Sample(now - request.SentAt);
        }
        else
        {
            RoundTrips.SampleAmbiguous(now - request.SentAt);
        }
    }
}
