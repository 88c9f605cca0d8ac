using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>How many requests may be under way: 80 begun in one slot of 750 ms, and 160 in the last four slots.</summary>
/// <remarks>npm dht-rpc 6, lib/io.js: an answer gives room in the slot of its arrival; what is lost gives room when its slot's turn comes again.</remarks>
internal sealed class CongestionWindow
{
    private const int Slots = 4;
    private const int MostInSlot = 80;
    private const int MostInAll = 160;
    private static readonly TimeSpan s_slot = TimeSpan.FromMilliseconds(750);

    private readonly int[] _slots = new int[Slots];
    private int _current;

    /// <summary>Requests that hold room now.</summary>
    internal int Count { get; private set; }

    /// <summary>When room is given back without an answer.</summary>
    internal Instant NextTurn { get; private set; }

    internal bool HasRoom(Instant now)
    {
        Turn(now);
        return _slots[_current] < MostInSlot && Count < MostInAll;
    }

    internal void Sent(Instant now)
    {
        Turn(now);
        _slots[_current]++;
        Count++;
    }

    internal void Answered(Instant now)
    {
        Turn(now);
        if (_slots[_current] > 0)
        {
            _slots[_current]--;
            Count--;
        }
    }

    private void Turn(Instant now)
    {
        if (now < NextTurn)
        {
            return;
        }

        long turns = 1 + ((now - NextTurn).Ticks / s_slot.Ticks);
        for (int i = 0; i < Math.Min(turns, Slots); i++)
        {
            _current = (_current + 1) % Slots;
            Count -= _slots[_current];
            _slots[_current] = 0;
        }

        NextTurn = turns > Slots ? now + s_slot : NextTurn + (s_slot * turns);
    }
}
