using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Core;

/// <summary>What this node keeps in the network: announcements and items, each told again in its interval, and paced.</summary>
/// <remarks>
/// A node with a thousand keys that restarts must not fall upon a cold table with all of them: after a small burst,
/// starts come at twice the steady rate, so everything is back within half an interval.
/// </remarks>
internal sealed class Publications(Random chance)
{
    private const int Burst = 16;
    private const int MaxRunning = 8;
    private static readonly TimeSpan s_alonePause = TimeSpan.FromSeconds(1);

    private readonly List<Publication> _all = [];
    private readonly PriorityQueue<Publication, long> _due = new();
    private double _credit = Burst;
    private Instant _creditAt;
    private double _startsPerTick;
    private int _running;

    internal int Count => _all.Count;

    internal IReadOnlyList<Publication> All => _all;

    internal Instant NextDeadline { get; private set; } = Instant.Never;

    internal void Add(Publication publication, Instant now)
    {
        _all.Add(publication);
        _startsPerTick += 2.0 / publication.Interval.Ticks;
        _due.Enqueue(publication, now.Ticks);
        Schedule(now);
    }

    internal void Remove(Publication publication)
    {
        if (_all.Remove(publication))
        {
            publication.IsWithdrawn = true;
            publication.Running?.Stop();
            _startsPerTick = Math.Max(0, _startsPerTick - (2.0 / publication.Interval.Ticks));
        }
    }

    /// <summary>Gives the next query that should start now, if any. Call until false.</summary>
    internal bool TryStart(Instant now, out Query query)
    {
        Refill(now);
        while (_due.TryPeek(out Publication? next, out long due))
        {
            if (next.IsWithdrawn)
            {
                _due.Dequeue();
                continue;
            }

            if (due > now.Ticks || _credit < 1 || _running >= MaxRunning)
            {
                break;
            }

            _due.Dequeue();
            _credit--;
            _running++;
            query = next.Start();
            return true;
        }

        Schedule(now);
        query = null!;
        return false;
    }

    /// <summary>A publication's query has ended: it is due again after its interval.</summary>
    internal void Ended(Publication publication, Instant now, bool hadNobodyToAsk)
    {
        _running--;
        publication.Running = null;
        if (publication.IsWithdrawn)
        {
            return;
        }

        if (hadNobodyToAsk)
        {
            // It cost nobody anything, and the first contact may come any moment.
            _credit = Math.Min(Burst, _credit + 1);
            publication.NextAt = now + s_alonePause;
            _due.Enqueue(publication, publication.NextAt.Ticks);
            Schedule(now);
            return;
        }

        // Nobody answered: the network is away; try again soon instead of in 15 min.
        double factor = publication.LastStored > 0 || publication.HadNothingToTell ? 0.9 + (0.2 * chance.NextDouble()) : 0.05 + (0.05 * chance.NextDouble());
        publication.NextAt = now + (publication.Interval * factor);
        _due.Enqueue(publication, publication.NextAt.Ticks);
        Schedule(now);
    }

    private void Refill(Instant now)
    {
        double earned = Math.Max(0, (now - _creditAt).Ticks) * _startsPerTick;
        _credit = Math.Min(Burst, _credit + earned);
        _creditAt = now;
    }

    private void Schedule(Instant now)
    {
        if (!_due.TryPeek(out _, out long due) || _running >= MaxRunning)
        {
            NextDeadline = Instant.Never;
            return;
        }

        Refill(now);
        Instant credited = _credit >= 1 || _startsPerTick <= 0
            ? now
            : now + TimeSpan.FromTicks((long)Math.Ceiling((1 - _credit) / _startsPerTick));
        NextDeadline = Instant.Later(new Instant(due), credited);
    }
}

/// <summary>One thing that is kept in the network.</summary>
internal sealed class Publication(Key160 key, TimeSpan interval, Func<Query> create)
{
    internal Key160 Key { get; } = key;

    internal TimeSpan Interval { get; } = interval;

    internal bool IsWithdrawn { get; set; }

    internal Query? Running { get; set; }

    /// <summary>The query of the present or the last round.</summary>
    internal Query? LatestQuery { get; private set; }

    internal Instant NextAt { get; set; }

    internal Instant? LastAt { get; set; }

    /// <summary>How many nodes acknowledged the last time.</summary>
    internal int LastStored { get; set; }

    /// <summary>Whether the last round ended well without a write: enough nodes have it, or something newer.</summary>
    internal bool HadNothingToTell { get; set; }

    internal int Rounds { get; set; }

    /// <summary>Called after each round, under the driver's lock: it may only signal.</summary>
    internal Action<Publication>? Told { get; init; }

    internal Query Start()
    {
        Running = create();
        Running.Publication = this;
        LatestQuery = Running;
        return Running;
    }
}
