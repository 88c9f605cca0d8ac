using System.Diagnostics;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Items in one array, in the order in which they were last written: bounded, grows by doubling, each step costs the same.</summary>
/// <param name="capacity">The most items; at least 1.</param>
internal sealed class TimeList<T>(int capacity)
    where T : struct
{
    private const int None = -1;

    private Slot[] _slots = [];
    private int _used;
    private int _free = None;
    private int _last = None;

    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>The place of the item that was written longest ago; only while there is one.</summary>
    public int First { get; private set; } = None;

    /// <summary>The item at a place. Valid until an item is added.</summary>
    public ref T this[int place] => ref _slots[place].Item;

    /// <summary>A place at the end for a new item; false when the list is full.</summary>
    public bool TryAdd(out int place)
    {
        place = None;
        if (Count == capacity)
        {
            return false;
        }

        if (_free != None)
        {
            place = _free;
            _free = _slots[place].Next;
        }
        else
        {
            if (_used == _slots.Length)
            {
                Array.Resize(ref _slots, Math.Min(capacity, Math.Max(4, 2 * _used)));
            }

            place = _used++;
        }

        Count++;
        Append(place);
        return true;
    }

    public void MoveToEnd(int place)
    {
        Detach(place);
        Append(place);
    }

    public void Remove(int place)
    {
        Debug.Assert(Count > 0);
        Detach(place);
        Count--;
        _slots[place] = new Slot { Next = _free };
        _free = place;
    }

    private void Append(int place)
    {
        _slots[place].Previous = _last;
        _slots[place].Next = None;
        if (_last == None)
        {
            First = place;
        }
        else
        {
            _slots[_last].Next = place;
        }

        _last = place;
    }

    private void Detach(int place)
    {
        (int previous, int next) = (_slots[place].Previous, _slots[place].Next);
        if (previous == None)
        {
            First = next;
        }
        else
        {
            _slots[previous].Next = next;
        }

        if (next == None)
        {
            _last = previous;
        }
        else
        {
            _slots[next].Previous = previous;
        }
    }

    private struct Slot
    {
        public T Item;
        public int Previous;
        public int Next;
    }
}
