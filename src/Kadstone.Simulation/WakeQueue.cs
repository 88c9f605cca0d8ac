using System.Diagnostics;

namespace Kadstone.Simulation;

/// <summary>Something that sleeps until a moment: a node or a timer.</summary>
internal abstract class Sleeper
{
    internal int WakeId { get; set; } = -1;

    /// <summary>Called at its moment; sets the next one or cancels before it returns.</summary>
    internal abstract void Wake();
}

/// <summary>The moments of all sleepers: a heap that knows where each stands, so that one sleeper never holds more than one entry.</summary>
internal sealed class WakeQueue
{
    private const int Absent = -1;

    private readonly Stack<int> _freeIds = new();
    private Entry[] _heap = new Entry[256];
    private int[] _positions = new int[256];
    private Sleeper?[] _sleepers = new Sleeper?[256];
    private int _ids;
    private int _count;

    internal int Count => _count;

    internal long FirstTime => _heap[0].Time;

    internal long FirstSequence => _heap[0].Sequence;

    internal Sleeper First => _sleepers[_heap[0].Id] ?? throw new UnreachableException();

    internal void Add(Sleeper sleeper)
    {
        if (!_freeIds.TryPop(out int id))
        {
            id = _ids++;
            if (id == _sleepers.Length)
            {
                Array.Resize(ref _sleepers, id * 2);
                Array.Resize(ref _positions, id * 2);
                Array.Resize(ref _heap, id * 2);
            }
        }

        _sleepers[id] = sleeper;
        _positions[id] = Absent;
        sleeper.WakeId = id;
    }

    internal void Remove(Sleeper sleeper)
    {
        if (sleeper.WakeId < 0)
        {
            return;
        }

        Cancel(sleeper);
        _sleepers[sleeper.WakeId] = null;
        _freeIds.Push(sleeper.WakeId);
        sleeper.WakeId = -1;
    }

    internal bool IsSet(Sleeper sleeper) => _positions[sleeper.WakeId] != Absent;

    internal void Set(Sleeper sleeper, long time, long sequence)
    {
        int id = sleeper.WakeId;
        Debug.Assert(id >= 0);
        int at = _positions[id];
        Place(at == Absent ? _count++ : at, new Entry(time, sequence, id));
    }

    internal void Cancel(Sleeper sleeper)
    {
        int at = _positions[sleeper.WakeId];
        if (at == Absent)
        {
            return;
        }

        _positions[sleeper.WakeId] = Absent;
        Entry last = _heap[--_count];
        if (at < _count)
        {
            Place(at, last);
        }
    }

    private void Place(int at, in Entry entry)
    {
        Entry[] heap = _heap;
        int[] positions = _positions;
        while (at > 0)
        {
            int parent = (at - 1) >> 2;
            if (!entry.IsBefore(heap[parent]))
            {
                break;
            }

            heap[at] = heap[parent];
            positions[heap[at].Id] = at;
            at = parent;
        }

        while (true)
        {
            int child = (at << 2) + 1;
            if (child >= _count)
            {
                break;
            }

            int earliest = child;
            int end = Math.Min(child + 4, _count);
            for (int sibling = child + 1; sibling < end; sibling++)
            {
                if (heap[sibling].IsBefore(heap[earliest]))
                {
                    earliest = sibling;
                }
            }

            if (!heap[earliest].IsBefore(entry))
            {
                break;
            }

            heap[at] = heap[earliest];
            positions[heap[at].Id] = at;
            at = earliest;
        }

        heap[at] = entry;
        positions[entry.Id] = at;
    }

    private readonly record struct Entry(long Time, long Sequence, int Id)
    {
        internal bool IsBefore(in Entry other) => Time < other.Time || (Time == other.Time && Sequence < other.Sequence);
    }
}
