using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kadstone.Datagrams;

/// <summary>What an <see cref="AgingTable{TEntry}"/> must know of its entries.</summary>
internal interface IAgingEntry
{
    /// <summary>When the owner was last heard, in milliseconds.</summary>
    uint Seen { get; }

    /// <summary>Whether others go first, however old it is.</summary>
    bool IsKept(uint now);
}

/// <summary>A bounded hash table in sets of eight: what is new takes the place of what is oldest in its set. Grows only while the young do not fit.</summary>
/// <remarks>
/// Keys are 64-bit keyed hashes and stand for the owner: two strangers share one by chance once in 2^64 pairs, and cannot arrange it.
/// The keys of a set fill one cache line, apart from the entries. A mutable struct: keep it in a field that is not readonly.
/// </remarks>
internal struct AgingTable<TEntry>
    where TEntry : struct, IAgingEntry
{
    private const int SetSize = 8;

    private readonly int _maximum;
    private readonly uint _lifetime;
    private ulong[] _keys;
    private TEntry[] _entries;

    /// <param name="maximum">The most entries; rounded up to a power of two, at least 8.</param>
    /// <param name="lifetime">Milliseconds without a word after which an entry's place is free.</param>
    public AgingTable(int maximum, uint lifetime)
    {
        _maximum = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(SetSize, maximum));
        _lifetime = lifetime;
        _keys = [];
        _entries = [];
    }

    /// <summary>The bytes allocated now.</summary>
    public readonly long AllocatedBytes => (long)_entries.Length * (Unsafe.SizeOf<TEntry>() + sizeof(ulong));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _keys = [];
        _entries = [];
    }

    /// <summary>The entry of a key, or a null reference.</summary>
    public readonly ref TEntry Find(ulong key)
    {
        if (_keys.Length == 0)
        {
            return ref Unsafe.NullRef<TEntry>();
        }

        key = Usable(key);
        int first = FirstOf(key);
        int place = _keys.AsSpan(first, SetSize).IndexOf(key);
        if (place < 0)
        {
            return ref Unsafe.NullRef<TEntry>();
        }

        return ref _entries[first + place];
    }

    /// <summary>A cleared entry for a key that is not in the table.</summary>
    public ref TEntry Add(ulong key, uint now)
    {
        key = Usable(key);
        int place;
        while (!TryPlace(key, now, out place) && _keys.Length < _maximum)
        {
            Grow();
        }

        _keys[place] = key;
        _entries[place] = default;
        return ref _entries[place];
    }

    /// <summary>0 marks a place without an owner.</summary>
    private static ulong Usable(ulong key) => key == 0 ? 1 : key;

    private readonly int FirstOf(ulong key) => (int)(key & (uint)((_keys.Length / SetSize) - 1)) * SetSize;

    /// <summary>True with a free place, or false with the place of the oldest that is not kept.</summary>
    private readonly bool TryPlace(ulong key, uint now, out int place)
    {
        place = -1;
        if (_keys.Length == 0)
        {
            return false;
        }

        bool oldestIsKept = true;
        uint oldestAge = 0;
        int first = FirstOf(key);
        for (int i = first; i < first + SetSize; i++)
        {
            ref TEntry entry = ref _entries[i];
            uint age = now - entry.Seen;
            bool isKept = entry.IsKept(now);
            if (_keys[i] == 0 || (age > _lifetime && !isKept))
            {
                place = i;
                return true;
            }

            if (place < 0 || (oldestIsKept && !isKept) || (oldestIsKept == isKept && age > oldestAge))
            {
                (place, oldestIsKept, oldestAge) = (i, isKept, age);
            }
        }

        return false;
    }

    /// <summary>Doubles: every set splits into two by one more bit of the key, so all entries fit.</summary>
    private void Grow()
    {
        ulong[] keys = _keys;
        TEntry[] entries = _entries;
        _keys = new ulong[Math.Max(SetSize, keys.Length * 2)];
        _entries = new TEntry[_keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != 0)
            {
                int first = FirstOf(keys[i]);
                int place = first + _keys.AsSpan(first, SetSize).IndexOf(0UL);
                _keys[place] = keys[i];
                _entries[place] = entries[i];
            }
        }
    }
}
