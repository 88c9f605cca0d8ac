using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kadstone.Datagrams;

/// <summary>What an <see cref="AgingTable{TEntry}"/> must know of its entries.</summary>
internal interface IAgingEntry
{
    /// <summary>The keyed hash that stands for the owner; 0 marks an empty slot.</summary>
    ulong Key { get; set; }

    /// <summary>When the owner was last heard, in milliseconds.</summary>
    uint Seen { get; }

    /// <summary>Whether others go first, however old it is.</summary>
    bool IsKept(uint now);
}

/// <summary>A bounded hash table in sets of eight: what is new takes the place of what is oldest in its set. Grows only while the young do not fit.</summary>
/// <remarks>
/// Keys are 64-bit keyed hashes and stand for the owner: two strangers share one by chance once in 2^64 pairs, and cannot arrange it.
/// A mutable struct: keep it in a field that is not readonly.
/// </remarks>
internal struct AgingTable<TEntry>
    where TEntry : struct, IAgingEntry
{
    private const int SetSize = 8;

    private readonly int _maximum;
    private readonly uint _lifetime;
    private TEntry[] _entries;

    /// <param name="maximum">The most entries; rounded up to a power of two, at least 8.</param>
    /// <param name="lifetime">Milliseconds without a word after which an entry's place is free.</param>
    public AgingTable(int maximum, uint lifetime)
    {
        _maximum = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(SetSize, maximum));
        _lifetime = lifetime;
        _entries = [];
    }

    /// <summary>The slots allocated now.</summary>
    public readonly int Allocated => _entries.Length;

    /// <summary>Forgets everything.</summary>
    public void Clear() => _entries = [];

    /// <summary>The entry of a key, or a null reference.</summary>
    public readonly ref TEntry Find(ulong key)
    {
        key = Usable(key);
        foreach (ref TEntry entry in SetOf(key))
        {
            if (entry.Key == key)
            {
                return ref entry;
            }
        }

        return ref Unsafe.NullRef<TEntry>();
    }

    /// <summary>A cleared entry for a key that is not in the table.</summary>
    public ref TEntry Add(ulong key, uint now)
    {
        key = Usable(key);
        while (true)
        {
            Span<TEntry> set = SetOf(key);
            int place = PlaceIn(set, now, out bool isFree);
            if (isFree || _entries.Length >= _maximum)
            {
                ref TEntry entry = ref set[place];
                entry = default;
                entry.Key = key;
                return ref entry;
            }

            Grow();
        }
    }

    private static ulong Usable(ulong key) => key == 0 ? 1 : key;

    private readonly Span<TEntry> SetOf(ulong key) =>
        _entries.Length == 0 ? [] : _entries.AsSpan((int)(key & (uint)((_entries.Length / SetSize) - 1)) * SetSize, SetSize);

    private readonly int PlaceIn(Span<TEntry> set, uint now, out bool isFree)
    {
        int oldest = -1;
        bool oldestIsKept = true;
        uint oldestAge = 0;
        for (int i = 0; i < set.Length; i++)
        {
            ref TEntry entry = ref set[i];
            uint age = now - entry.Seen;
            bool kept = entry.IsKept(now);
            if (entry.Key == 0 || (age > _lifetime && !kept))
            {
                isFree = true;
                return i;
            }

            if (oldest < 0 || (oldestIsKept && !kept) || (oldestIsKept == kept && age > oldestAge))
            {
                (oldest, oldestIsKept, oldestAge) = (i, kept, age);
            }
        }

        isFree = false;
        return oldest;
    }

    /// <summary>Doubles: every set splits into two by one more bit of the key, so all entries fit.</summary>
    private void Grow()
    {
        TEntry[] before = _entries;
        _entries = new TEntry[Math.Max(SetSize, before.Length * 2)];
        foreach (ref TEntry entry in before.AsSpan())
        {
            if (entry.Key == 0)
            {
                continue;
            }

            foreach (ref TEntry place in SetOf(entry.Key))
            {
                if (place.Key == 0)
                {
                    place = entry;
                    break;
                }
            }
        }
    }
}
