using System.Diagnostics;

namespace Kadstone.Simulation;

internal enum EventKind
{
    Arrival,
    Action,
}

/// <summary>When, in which order among equals, what, and its slot.</summary>
internal readonly record struct PendingEvent(long Time, long Sequence, EventKind Kind, int Slot)
{
    internal bool IsBefore(in PendingEvent other) => Time < other.Time || (Time == other.Time && Sequence < other.Sequence);
}

/// <summary>A heap with four children a node: half the levels of a binary one, and the children share a cache line or two.</summary>
internal sealed class EventHeap
{
    private PendingEvent[] _heap = new PendingEvent[256];
    private int _count;

    internal int Count => _count;

    internal ref readonly PendingEvent First => ref _heap[0];

    internal void Push(in PendingEvent pending)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }

        PendingEvent[] heap = _heap;
        int at = _count++;
        while (at > 0)
        {
            int parent = (at - 1) >> 2;
            if (!pending.IsBefore(heap[parent]))
            {
                break;
            }

            heap[at] = heap[parent];
            at = parent;
        }

        heap[at] = pending;
    }

    internal PendingEvent Pop()
    {
        Debug.Assert(_count > 0);
        PendingEvent[] heap = _heap;
        PendingEvent first = heap[0];
        int count = --_count;
        PendingEvent moved = heap[count];
        int at = 0;
        while (true)
        {
            int child = (at << 2) + 1;
            if (child >= count)
            {
                break;
            }

            int earliest = child;
            int end = Math.Min(child + 4, count);
            for (int sibling = child + 1; sibling < end; sibling++)
            {
                if (heap[sibling].IsBefore(heap[earliest]))
                {
                    earliest = sibling;
                }
            }

            if (!heap[earliest].IsBefore(moved))
            {
                break;
            }

            heap[at] = heap[earliest];
            at = earliest;
        }

        heap[at] = moved;
        return first;
    }
}
