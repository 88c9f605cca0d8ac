using System.Buffers.Binary;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>What comes back to a query, and how it goes on from there.</summary>
internal sealed partial class KadQuery
{
    /// <summary>A peer answered.</summary>
    /// <param name="request">What it was asked.</param>
    /// <param name="message">Its answer.</param>
    /// <param name="closer">Whom it named: those that may be asked.</param>
    /// <param name="wallClock">The time of day, for values that expire.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when the answer holds a value that is not valid.</returns>
    public bool OnAnswer(KadRequest request, KadMessage message, ReadOnlySpan<PeerContact> closer, DateTimeOffset wallClock, Instant now)
    {
        PeerContact from = request.Contact;
        if (request.IsCommit)
        {
            // An echo with another value, or none, is a peer that did not take ours.
            bool isTaken = request.Message.Record is not KadRecord sent || (message.Record is KadRecord echoed && echoed.Value.Span.SequenceEqual(sent.Value.Span));
            Commit(from, isTaken ? LookupTurnKind.Stored : LookupTurnKind.StoreRefused, isTaken ? "" : "another value came back", now);
            return true;
        }

        if (_heard.Find(from.Id) is not { State: HeardState.Asked } peer)
        {
            _lookup?.Answer(from, closer, now);
            return true;
        }

        peer.State = HeardState.Answered;
        TellTurn(LookupTurnKind.Answered, peer, now, closer.Length, message.Providers.Count + (message.Record is null ? 0 : 1));
        Happened(QueryEventType.PeerResponse, from.Id, [.. message.Closer.Select(named => named.ToInfo())], "");
        IsTargetReached |= Kind == KadQueryKind.FindPeer && from.Id.Bytes.Span.SequenceEqual(Target.Span);
        Hear(closer, peer.Hop + 1);
        bool isValid = Collect(peer, message, wallClock);
        _lookup?.Answer(from, closer, now);
        if (TellWithin > 0 && Kind == KadQueryKind.Provide && PartOfKeyspace(peer.Distance) < TellWithin)
        {
            Tell(peer);
        }

        Settle(now);
        return isValid;
    }

    /// <summary>A request came to nothing.</summary>
    /// <param name="request">Which.</param>
    /// <param name="reason">Why, in few words.</param>
    /// <param name="now">The time.</param>
    public void OnFailure(KadRequest request, string reason, Instant now)
    {
        if (request.IsCommit)
        {
            Commit(request.Contact, LookupTurnKind.StoreSilent, reason, now);
            return;
        }

        if (_heard.Find(request.Contact.Id) is { State: HeardState.Asked } peer)
        {
            peer.State = HeardState.Failed;
            TellTurn(LookupTurnKind.Silent, peer, now);
            Happened(QueryEventType.QueryError, request.Contact.Id, [], reason);
        }

        _lookup?.Fail(request.Contact, now);
        Settle(now);
    }

    /// <summary>Goes on where time alone decides.</summary>
    public void Elapse(Instant now) => Settle(now);

    public void Happened(QueryEventType type, PeerId id, IReadOnlyList<PeerInfo> responses, string extra)
    {
        if (!IsDetached)
        {
            _events.Enqueue(new QueryEvent(type, id, responses, extra));
        }
    }

    private void Hear(ReadOnlySpan<PeerContact> closer, int hop)
    {
        foreach (ref readonly PeerContact contact in closer)
        {
            if (Hear(contact))
            {
                _heard.Find(contact.Id)?.Hop = hop;
                Happened(QueryEventType.AddingPeer, contact.Id, [], "");
            }
            else if (_heard.Find(contact.Id) is { State: HeardState.Heard } known)
            {
                // One who names it with wrong addresses first must not hide it from us.
                known.Contact = PeerContact.From(contact.Id, [.. known.Contact.Addresses.Union(contact.Addresses).Take(AddressFilter.MaxKept)]);
            }
        }
    }

    private bool Collect(HeardPeer from, KadMessage message, DateTimeOffset wallClock)
    {
        switch (Kind)
        {
            case KadQueryKind.FindPeer:
                foreach (KadPeer named in message.Closer.Where(named => named.Id.Bytes.Span.SequenceEqual(Target.Span)))
                {
                    Sightings.AddRange(named.Addresses.Except(Sightings).Take(AddressFilter.MaxKept).ToArray());
                }

                return true;
            case KadQueryKind.FindProviders:
                foreach (KadPeer provider in message.Providers)
                {
                    Take(from.Contact.Id, provider.ToInfo());
                }

                return true;
            case KadQueryKind.GetValue when message.Record is KadRecord record:
                return Take(from, record, wallClock);
            default:
                return true;
        }
    }

    private void Take(PeerId from, PeerInfo provider)
    {
        if (_isSatisfied || _providers.Count >= MaxProviders || !_providers.Add(provider.Id))
        {
            return;
        }

        Happened(QueryEventType.Provider, from, [new PeerInfo(provider.Id, _settings.Policy.Kept(provider.Addresses))], "");
        _isSatisfied = Wanted > 0 && _providers.Count >= Wanted;
    }

    private bool Take(HeardPeer from, KadRecord record, DateTimeOffset wallClock)
    {
        if (!record.Key.Span.SequenceEqual(Target.Span) || !_settings.Rules.IsValid(Target.Span, record.Value.Span, wallClock))
        {
            return false;
        }

        from.Value = record.Value;
        Values++;
        if (Best is not ReadOnlyMemory<byte> best || _settings.Rules.IsBetter(Target.Span, record.Value, best))
        {
            Best = record.Value;
            Happened(QueryEventType.Value, from.Contact.Id, [], Convert.ToBase64String(record.Value.Span));
        }

        _isSatisfied |= Quorum > 0 && Values >= Quorum;
        return true;
    }

    /// <summary>Where the query stands now: who is waited for, and whether a phase is over.</summary>
    private void Settle(Instant now)
    {
        if (Phase == KadQueryPhase.Looking && (_isSatisfied || IsTargetReached))
        {
            EndSearch();
        }

        if (Phase == KadQueryPhase.Looking && _lookup is { IsFinished: true })
        {
            Phase = KadQueryPhase.FollowingUp;
        }

        if (Phase == KadQueryPhase.FollowingUp
            && (_isSatisfied || IsTargetReached || Asked >= MaxRequests || !_heard.Nearest(_settings.Width, HasNotFailed).Any(peer => IsAwaitedFrom(peer, now))))
        {
            if (IsToBeSurveyed)
            {
                BeginSurvey();
            }
            else
            {
                EndSearch();
            }
        }

        if (Phase == KadQueryPhase.Surveying && (_isSatisfied || Asked >= MaxRequests || (_openSurveys == 0 && !_region.Exists(peer => IsAwaitedFrom(peer, now)))))
        {
            EndSearch();
        }

        NextDeadline = Instant.Never;
        if (Phase is KadQueryPhase.Looking or KadQueryPhase.FollowingUp or KadQueryPhase.Surveying)
        {
            foreach (HeardPeer peer in _heard.All)
            {
                if (IsOpen(peer, now))
                {
                    NextDeadline = Instant.Earlier(NextDeadline, peer.AskedAt + _settings.Patience);
                }
            }
        }
    }

    private bool IsAwaitedFrom(HeardPeer peer, Instant now) => peer.State == HeardState.Heard || IsOpen(peer, now);

    private void EndSearch()
    {
        Closest = [.. Answered.Take(_settings.Width).Select(peer => peer.Contact)];
        _lookup?.Stop();
        TellEnd(_isSatisfied || IsTargetReached ? LookupEnd.Stopped : Closest.Count > 0 ? LookupEnd.Quorum : LookupEnd.Exhausted);
        if (Kind is KadQueryKind.ClosestPeers or KadQueryKind.Provide or KadQueryKind.PutValue)
        {
            foreach (PeerContact contact in Closest)
            {
                Happened(QueryEventType.FinalPeer, contact.Id, [contact.Info], "");
            }
        }

        foreach (HeardPeer peer in _heard.Nearest(_settings.Width, peer => peer.State == HeardState.Answered).Union(_region.Where(peer => peer.State == HeardState.Answered)).Where(Lacks))
        {
            Tell(peer);
        }

        Phase = KadQueryPhase.Committing;
        FinishIfTold();
    }

    /// <summary>Whether a peer is to be told: of a search for a value, when it answered with none or a worse one.</summary>
    private bool Lacks(HeardPeer peer) => Kind switch
    {
        KadQueryKind.Provide or KadQueryKind.PutValue => true,
        KadQueryKind.GetValue => Best is ReadOnlyMemory<byte> best && !(peer.Value?.Span.SequenceEqual(best.Span) ?? false),
        _ => false,
    };

    private void Tell(HeardPeer? peer)
    {
        if (peer is { IsTold: false })
        {
            peer.IsTold = true;
            _toTell.Enqueue(peer);
        }
    }

    private void Commit(in PeerContact contact, LookupTurnKind outcome, string reason, Instant now)
    {
        bool isTaken = outcome == LookupTurnKind.Stored;
        if (Listener is not null && _heard.Find(contact.Id) is HeardPeer told)
        {
            TellTurn(outcome, told, now);
        }

        _openCommits--;
        Told += isTaken ? 1 : 0;
        NotTold += isTaken ? 0 : 1;
        Happened(isTaken ? QueryEventType.PeerResponse : QueryEventType.QueryError, contact.Id, [], reason);
        FinishIfTold();
    }

    private void FinishIfTold()
    {
        if (Phase == KadQueryPhase.Committing && _toTell.Count == 0 && _openCommits == 0)
        {
            Stop();
        }
    }

    private void TellTurn(LookupTurnKind kind, HeardPeer peer, Instant now, int closer = 0, int values = 0)
    {
        if (Listener is { } listener)
        {
            bool isWrite = kind is LookupTurnKind.Storing or LookupTurnKind.Stored or LookupTurnKind.StoreRefused or LookupTurnKind.StoreSilent;
            TimeSpan? roundTrip = kind is LookupTurnKind.Answered or LookupTurnKind.Stored or LookupTurnKind.StoreRefused ? now - peer.AskedAt : null;
            listener.Turned(new LookupTurn<KadContact>(kind, KadContact.Of(peer.Contact), isWrite ? 0 : peer.Hop, now, roundTrip, closer, values));
        }
    }

    private void TellEnd(LookupEnd end)
    {
        if (Listener is { } listener && !_endIsTold)
        {
            _endIsTold = true;
            listener.Ended(end, [.. Closest.Select(KadContact.Of)]);
        }
    }

    private static double PartOfKeyspace(Key256 distance)
    {
        Span<byte> bytes = stackalloc byte[32];
        distance.Write(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes) / Math.Pow(2, 64);
    }
}
