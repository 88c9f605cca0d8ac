using System.Runtime.InteropServices;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What is due by the clock: joining, checking doubtful contacts, refreshing buckets.</summary>
internal sealed partial class RpcProtocol
{
    private const int MaxBootstrap = 32;
    private const int FewSeeds = 3;
    private const int RefreshConcurrency = 2;
    private const int MaxChecksAtOnce = 5;
    private const int MaxJoinsInARow = 6;
    private static readonly TimeSpan s_leastUpkeepPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestUpkeepPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_shortestJoinPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestJoinPause = TimeSpan.FromSeconds(30);

    private readonly List<RpcContact> _bootstrap = [];
    private Instant _upkeepAt = Instant.Never;
    private Instant _joinAt = Instant.Never;
    private TimeSpan _joinPause = s_shortestJoinPause;
    private int _joinsInARow;
    private Key256[] _neighbours = [];
    private bool _isSettled;
    private Walk? _join;
    private Walk? _refresh;

    /// <summary>Whether the first join has ended: with contacts, or because there is nobody to ask.</summary>
    internal bool HasJoined { get; private set; }

    /// <summary>Called when joining makes progress; under the driver's lock, so it may only signal.</summary>
    internal Action? JoinChanged { get; set; }

    /// <inheritdoc/>
    public Action? RunEmpty { get; set; }

    /// <inheritdoc/>
    public void AddBootstrap(UdpEndpoint endpoint, Instant now)
    {
        if (!Accepts(endpoint) || _bootstrap.Count >= MaxBootstrap)
        {
            return;
        }

        RpcContact contact = RpcContact.FromEndpoint(endpoint);
        if (!IsOwn(contact) && !_bootstrap.Contains(contact))
        {
            _bootstrap.Add(contact);
            _joinAt = Instant.Earlier(_joinAt, now);
            _upkeepAt = Instant.Earlier(_upkeepAt, now);
        }
    }

    /// <inheritdoc/>
    public void Join(Instant now)
    {
        HasJoined = !HasSomebodyToAsk;
        _joinAt = now;
        _upkeepAt = now;
        _askLostAt = now + s_lostPause;
        _lastTick = now;
        _tickAt = now + s_tick;
        if (HasJoined)
        {
            JoinChanged?.Invoke();
        }

        Elapse(now);
    }

    /// <summary>Walks to our own id, by way of all that we know.</summary>
    internal Walk JoinAgain(Action changed, Instant now)
    {
        Walk walk = Start(new WalkPlan(Question.FindNode(Id), Id) { Changed = changed, IsUpkeep = true, IsJoining = true }, now);
        walk.Lookup.AddSeeds(CollectionsMarshal.AsSpan(_bootstrap));
        return walk;
    }

    private bool HasSomebodyToAsk => _bootstrap.Count + _lost.Count > 0;

    // Bootstrap nodes only while the table cannot fill a lookup: their operators carry the whole network's starts already. The first join asks
    // all that may be of use; after it a few at a time, or a node without a network would call a hundred of the dead each half minute.
    private int CopySeeds(Key256 target, Span<RpcContact> seeds)
    {
        int most = HasJoined ? FewSeeds : MaxLost;
        int count = Table.CopyClosest(target, seeds[..Walk.Width]);
        if (count < Walk.Width)
        {
            count += CopySome(_bootstrap, most, seeds[count..]);
        }

        if (Table.Count == 0)
        {
            count += CopySome(_lost, most, seeds[count..]);
        }

        return count;
    }

    private int CopySome(List<RpcContact> contacts, int most, Span<RpcContact> seeds)
    {
        int count = Math.Min(most, contacts.Count);
        int first = count < contacts.Count ? _chance.Next(contacts.Count) : 0;
        for (int i = 0; i < count; i++)
        {
            seeds[i] = contacts[(first + i) % contacts.Count];
        }

        return count;
    }

    private void Upkeep(Instant now)
    {
        KeepJoined(now);
        AskLost(now);
        for (int i = 0; i < MaxChecksAtOnce && Table.TryNextDoubtful(now, out RpcContact doubtful); i++)
        {
            Check(doubtful, now);
        }

        if (_refresh is not { IsFinished: false } && Table.TryNextRefresh(now, out Key256 target))
        {
            _refresh = Start(new WalkPlan(Question.FindNode(target), target) { Concurrency = RefreshConcurrency, IsUpkeep = true }, now);
        }

        Instant next = Instant.Earlier(Instant.Earlier(_joinAt, _askLostAt), Instant.Earlier(Table.NextDeadline, now + s_longestUpkeepPause));
        _upkeepAt = Instant.Later(next, now + s_leastUpkeepPause);
    }

    // The first join, and another one whenever the table has run empty. Where many start at once the first finds hardly anybody: it is
    // repeated until it finds the same neighbours twice, six times within a minute at most.
    private void KeepJoined(Instant now)
    {
        if (now < _joinAt)
        {
            return;
        }

        if (!HasSomebodyToAsk || (_isSettled && Table.Count > 0))
        {
            _joinPause = s_shortestJoinPause;
            _joinAt = now + s_longestJoinPause;
            TellIfEmpty();
            return;
        }

        if (_join is not { IsFinished: false })
        {
            TellIfEmpty();
            _joinsInARow = Table.Count == 0 ? 1 : _joinsInARow + 1;
            if (_joinsInARow > 1)
            {
                // Whoever was there first is not among our neighbours: a look into the halves that we do not belong to, the farthest first.
                Key256 far = Keyspace.RandomInBucket(Id, _joinsInARow - 2, _chance);
                Start(new WalkPlan(Question.FindNode(far), far) { Concurrency = RefreshConcurrency, IsUpkeep = true, IsJoining = true }, now);
            }

            _join = Start(new WalkPlan(Question.FindNode(Id), Id) { Changed = JoinStepped, IsUpkeep = true, IsJoining = true }, now);
            _joinAt = now + _joinPause;
            _joinPause = _joinPause * 2 < s_longestJoinPause ? _joinPause * 2 : s_longestJoinPause;
            return;
        }

        _joinAt = now + _joinPause;
    }

    private void TellIfEmpty()
    {
        if (Table.Count == 0 && (_join is not null || !HasSomebodyToAsk))
        {
            RunEmpty?.Invoke();
        }
    }

    private void JoinStepped()
    {
        if (_join is { IsFinished: true })
        {
            Key256[] neighbours = [.. _join.Closest().Select(contact => contact.Id)];
            _isSettled = _joinsInARow >= MaxJoinsInARow || neighbours.SequenceEqual(_neighbours);
            _neighbours = neighbours;
            HasJoined = true;
            JoinChanged?.Invoke();
        }
    }

    private void Failed(RpcContact contact, Instant now)
    {
        if (Table.Failed(contact, now))
        {
            Forget(contact);
        }

        _upkeepAt = Instant.Earlier(_upkeepAt, Table.NextDeadline);
    }

    private void Verified(RpcContact contact, Instant now)
    {
        if (!Accepts(contact.Endpoint))
        {
            return;
        }

        Admission<RpcContact> admission = Table.Admit(contact, now);
        if (admission.Kind == AdmissionKind.Added)
        {
            _lost.Remove(contact);
        }

        if (admission.HasDoubtful)
        {
            Check(admission.Doubtful, now);
        }
    }

    // The table never pings: it names who is doubtful, and this is what checking means here. When nobody answers at all it is the network that is
    // away: then once is enough, the table asks again.
    private void Check(RpcContact contact, Instant now) =>
        Ask(new DirectQuery(), Question.Ping, contact, null, _silentInARow < DeafAfter ? CheckAttempts : 1, now);
}
