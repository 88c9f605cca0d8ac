using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Daemon.V1.Lookups;

/// <summary>The last 200 lookups of all networks, running ones among them. What the nodes look up for themselves makes room first.</summary>
internal sealed class LookupLog(TimeProvider time)
{
    /// <summary>200: how many lookups are kept.</summary>
    public const int Capacity = 200;

    private readonly Lock _lock = new();
    private readonly LinkedList<LookupTrail> _trails = new();
    private readonly Dictionary<string, long> _ended = [];
    private long _number;

    /// <summary>Called when a lookup began or ended; under a node's lock, so it may only signal.</summary>
    public Action<LookupTrail>? Changed { get; set; }

    public TTrail Add<TTrail>(Func<long, DateTimeOffset, TTrail> make)
        where TTrail : LookupTrail
    {
        TTrail trail;
        lock (_lock)
        {
            trail = make(++_number, time.GetUtcNow());
            if (_trails.Count >= Capacity)
            {
                MakeRoomNeedsLock();
            }

            _trails.AddFirst(trail);
        }

        if (!trail.IsUpkeep)
        {
            LookupScope.Note(trail.Network, trail.Id);
        }

        Changed?.Invoke(trail);
        return trail;
    }

    public LookupTrail? Find(string? id)
    {
        lock (_lock)
        {
            return _trails.FirstOrDefault(trail => trail.Id == id);
        }
    }

    /// <summary>The newest so many.</summary>
    public IReadOnlyList<LookupSummary> Newest(int count)
    {
        LookupTrail[] trails;
        lock (_lock)
        {
            trails = [.. _trails.Take(count)];
        }

        return [.. trails.Select(trail => trail.Summary())];
    }

    public IReadOnlyList<LookupTrail> Running()
    {
        lock (_lock)
        {
            return [.. _trails.Where(trail => trail.IsRunning)];
        }
    }

    public LookupCounts CountsOf(string network)
    {
        lock (_lock)
        {
            return new LookupCounts(_trails.Count(trail => trail.Network == network && trail.IsRunning), _ended.GetValueOrDefault(network));
        }
    }

    internal void Ended(LookupTrail trail)
    {
        lock (_lock)
        {
            _ended[trail.Network] = _ended.GetValueOrDefault(trail.Network) + 1;
        }

        Changed?.Invoke(trail);
    }

    private void MakeRoomNeedsLock()
    {
        LinkedListNode<LookupTrail>? leaving = _trails.Last;
        while (leaving is not null && !leaving.Value.IsUpkeep)
        {
            leaving = leaving.Previous;
        }

        if (leaving is not null)
        {
            _trails.Remove(leaving);
        }
        else
        {
            _trails.RemoveLast();
        }
    }
}
