using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>What is due by the clock: joining, checking doubtful contacts, refreshing buckets.</summary>
internal sealed partial class Gen1Protocol
{
    private const int MaxBootstrap = 32;
    private const int MaxChecksAtOnce = 5;
    private static readonly TimeSpan s_leastUpkeepPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestUpkeepPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_shortestJoinPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestJoinPause = TimeSpan.FromSeconds(30);

    private readonly List<UdpEndpoint> _bootstrap = [];
    private Instant _upkeepAt = Instant.Never;
    private Instant _joinAt = Instant.Never;
    private TimeSpan _joinPause = s_shortestJoinPause;
    private Gen1Walk? _join;
    private Gen1Walk? _refresh;

    /// <summary>Whether the first join has ended: with contacts, or because there is nobody to ask.</summary>
    internal bool HasJoined { get; private set; }

    /// <summary>Called when joining makes progress; under the driver's lock, so it may only signal.</summary>
    internal Action? JoinChanged { get; set; }

    /// <inheritdoc/>
    public Action? RunEmpty { get; set; }

    /// <inheritdoc/>
    public void AddBootstrap(UdpEndpoint endpoint, Instant now)
    {
        if (Accepts(endpoint) && !IsOwn(endpoint) && _bootstrap.Count < MaxBootstrap && !_bootstrap.Contains(endpoint))
        {
            _bootstrap.Add(endpoint);
            _joinAt = Instant.Earlier(_joinAt, now);
            _upkeepAt = Instant.Earlier(_upkeepAt, now);
        }
    }

    /// <inheritdoc/>
    public void Join(Instant now)
    {
        HasJoined = _bootstrap.Count == 0;
        _joinAt = now;
        _upkeepAt = now;
        if (HasJoined)
        {
            JoinChanged?.Invoke();
        }

        Elapse(now);
    }

    /// <summary>Looks for our own neighbours now, by way of the bootstrap nodes as well.</summary>
    internal Gen1Walk Rejoin(Action changed, Instant now) =>
        Start(Gen1Question.FindNode(Id), Id, new Gen1WalkOptions { Changed = changed }, isJoin: true, now);

    private void Upkeep(Instant now)
    {
        KeepJoined(now);
        for (int i = 0; i < MaxChecksAtOnce && Table.TryNextDoubtful(now, out Gen1Contact doubtful); i++)
        {
            Check(doubtful, now);
        }

        if (_refresh is not { IsFinished: false } && Table.TryNextRefresh(now, out Key256 target))
        {
            _refresh = Start(Gen1Question.FindNode(target), target, new Gen1WalkOptions(), now);
        }

        Instant next = Instant.Earlier(Instant.Earlier(_joinAt, Table.NextDeadline), now + s_longestUpkeepPause);
        _upkeepAt = Instant.Later(next, now + s_leastUpkeepPause);
    }

    // The first join, and another one whenever the table has run empty.
    private void KeepJoined(Instant now)
    {
        if (now < _joinAt)
        {
            return;
        }

        if (_bootstrap.Count == 0 || (_join is not null && Table.Count > 0))
        {
            _joinPause = s_shortestJoinPause;
            _joinAt = now + s_longestJoinPause;
            TellIfEmpty();
            return;
        }

        if (_join is not { IsFinished: false })
        {
            TellIfEmpty();
            _join = Rejoin(JoinStepped, now);
            _joinPause = _joinPause * 2 < s_longestJoinPause ? _joinPause * 2 : s_longestJoinPause;
        }

        _joinAt = now + _joinPause;
    }

    private void TellIfEmpty()
    {
        if (Table.Count == 0 && (_join is not null || _bootstrap.Count == 0))
        {
            RunEmpty?.Invoke();
        }
    }

    private void JoinStepped()
    {
        HasJoined |= _join is { IsFinished: true };
        JoinChanged?.Invoke();
    }

    private void Failed(Gen1Contact contact, Instant now)
    {
        Table.Failed(contact, now);
        _upkeepAt = Instant.Earlier(_upkeepAt, Table.NextDeadline);
    }

    private void Verified(Gen1Contact contact, Instant now)
    {
        if (!Accepts(contact.Endpoint) || IsOwn(contact))
        {
            return;
        }

        // A node that was started again at the same address has another id: the old entry goes, the new one comes.
        if (Table.Find(contact) is { } known && known.Id != contact.Id)
        {
            Table.Remove(known);
        }

        Admission<Gen1Contact> admission = Table.Admit(contact, now);
        if (admission.HasDoubtful)
        {
            Check(admission.Doubtful, now);
        }
    }

    // The table never pings: it names who is doubtful, and this is what checking means here.
    private void Check(Gen1Contact contact, Instant now) => Ask(new Gen1DirectQuery(), Gen1Question.Ping, contact, null, DirectAttempts, now);
}
