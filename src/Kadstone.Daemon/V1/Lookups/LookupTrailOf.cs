using Kadstone.Daemon.V1.Answers;
using Kadstone.Kademlia;

namespace Kadstone.Daemon.V1.Lookups;

/// <summary>A lookup of one network. Notes are taken under the node's lock and put into words when somebody asks.</summary>
internal sealed class LookupTrailOf<TContact>(
    LookupWatch<TContact> watch,
    long number,
    LookupBeginning beginning,
    Instant began,
    DateTimeOffset startedAt)
    : LookupTrail(number, watch.Network, beginning.Kind, watch.TargetOf(beginning), beginning.Point, beginning.IsUpkeep, startedAt), ILookupListener<TContact>
    where TContact : struct
{
    private readonly Lock _lock = new();
    private readonly List<LookupTurn<TContact>> _turns = [];
    private IReadOnlyList<TContact> _closest = [];
    private LookupEnd _end;
    private TimeSpan _took;
    private int _requests;
    private int _answers;
    private int _withValues;
    private int _hops;
    private int _found;
    private int _stores;
    private int _stored;
    private int _version;

    public override bool IsRunning
    {
        get
        {
            lock (_lock)
            {
                return _end == LookupEnd.Running;
            }
        }
    }

    public override int Version => Volatile.Read(ref _version);

    public override (int WithValues, int All) AnswersSoFar
    {
        get
        {
            lock (_lock)
            {
                return (_withValues, _answers);
            }
        }
    }

    public void Turned(in LookupTurn<TContact> turn)
    {
        lock (_lock)
        {
            _version++;

            // What the lookup took is told without the writes: an announcement is over when its search is, to whoever compares.
            _took = turn.Kind < LookupTurnKind.Storing ? turn.At - began : _took;
            _hops = Math.Max(_hops, turn.Hop);
            if (turn.Kind == LookupTurnKind.Asked)
            {
                _requests++;

                // It had run out of contacts, and was given others.
                _end = _end == LookupEnd.Exhausted ? LookupEnd.Running : _end;
            }
            else if (turn.Kind == LookupTurnKind.Answered)
            {
                _answers++;
                _found += turn.Values;
                _withValues += turn.Values > 0 ? 1 : 0;
            }
            else if (turn.Kind == LookupTurnKind.Storing)
            {
                _stores++;
            }
            else if (turn.Kind == LookupTurnKind.Stored)
            {
                _stored++;
            }

            if (_turns.Count < MaxTurns)
            {
                _turns.Add(turn);
            }
        }

        if (turn is { Kind: LookupTurnKind.Answered, RoundTrip: TimeSpan roundTrip })
        {
            watch.Answered(turn.Contact, roundTrip);
        }
        else if (turn.Kind > LookupTurnKind.Storing)
        {
            watch.Written(this);
        }
    }

    public void Ended(LookupEnd end, IReadOnlyList<TContact> closest)
    {
        lock (_lock)
        {
            _version++;
            _end = end;
            _closest = closest;
        }

        watch.Ended(this);
    }

    public override LookupSummary Summary()
    {
        lock (_lock)
        {
            return new LookupSummary(
                Id, Network, Kind, Target, Hex(Point), StateNeedsLock(), StartedAt, _took.TotalMilliseconds, _requests, _answers, _hops, _found, _stores, _stored, ReasonNeedsLock());
        }
    }

    public override LookupAnswer Whole()
    {
        LookupTurn<TContact>[] turns;
        IReadOnlyList<TContact> closest;
        LookupSummary summary;
        lock (_lock)
        {
            turns = [.. _turns];
            closest = _closest;
            summary = Summary();
        }

        return new LookupAnswer(
            summary.Id,
            summary.Network,
            summary.Kind,
            summary.Target,
            summary.Keyspace,
            summary.State,
            summary.StartedAt,
            summary.Milliseconds,
            summary.Requests,
            summary.Answers,
            summary.Hops,
            summary.Found,
            summary.Stores,
            summary.Stored,
            summary.Reason,
            [.. turns.Select(StepOf)],
            [.. closest.Select(contact => AnswerOf(watch.Describe(contact)))]);
    }

    private StepAnswer StepOf(LookupTurn<TContact> turn)
    {
        ContactText contact = watch.Describe(turn.Contact);
        return new StepAnswer(
            (turn.At - began).TotalMilliseconds,
            turn.Kind switch
            {
                LookupTurnKind.Asked => "asked",
                LookupTurnKind.Answered => "answered",
                LookupTurnKind.Refused => "refused",
                LookupTurnKind.Storing => "storing",
                LookupTurnKind.Stored => "stored",
                LookupTurnKind.StoreRefused => "store_refused",
                LookupTurnKind.StoreSilent => "store_silent",
                _ => "silent",
            },
            AnswerOf(contact),
            turn.Hop,
            turn.RoundTrip?.TotalMilliseconds,
            DistanceBits(contact.Point, Point.Span),
            turn.Closer,
            turn.Values,
            turn.Code == 0 ? null : turn.Code);
    }

    private string StateNeedsLock() => _end switch
    {
        LookupEnd.Running => Running,
        _ when _answers == 0 => _end == LookupEnd.Stopped ? "cancelled" : "failed",
        LookupEnd.Stopped when _found == 0 => "cancelled",
        _ => "done",
    };

    private string? ReasonNeedsLock() => _end switch
    {
        LookupEnd.Running => null,
        _ when _requests == 0 => "There was nobody to ask.",
        _ when _answers == 0 && _end != LookupEnd.Stopped => "Nobody answered.",
        LookupEnd.Quorum => "The closest contacts have answered.",
        LookupEnd.Exhausted => "Nobody was left to ask.",
        LookupEnd.RequestLimit => "It used up its requests.",
        _ => "Whoever wanted it had enough, or gave up.",
    };

    private static ContactAnswer AnswerOf(ContactText contact) => new(contact.Id, Hex(contact.Point), contact.Address);

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>How many bits the distance has: 0 for the point itself, one more for each bit of the prefix that they do not share.</summary>
    private static int DistanceBits(byte[] left, ReadOnlySpan<byte> right)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            int differing = left[i] ^ right[i];
            if (differing != 0)
            {
                return ((left.Length - i) * 8) - (System.Numerics.BitOperations.LeadingZeroCount((uint)differing) - 24);
            }
        }

        return 0;
    }
}
