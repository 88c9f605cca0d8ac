using System.Diagnostics;

namespace Kadstone.Kademlia;

/// <summary>The entries at one distance: those without a failure come first, so that they can be copied as one block.</summary>
internal sealed class Bucket<TKey, TContact>
    where TKey : struct, IKey<TKey>
    where TContact : struct, IContact<TContact, TKey>
{
    private TContact[] _contacts = [];
    private EntryHealth[] _health = [];

    public int Count { get; private set; }

    /// <summary>How many entries have no failure: those at the front.</summary>
    public int Sound { get; private set; }

    public ReplacementCache<TKey, TContact>? Replacements { get; set; }

    public ReadOnlySpan<TContact> SoundContacts => new(_contacts, 0, Sound);

    public ref TContact ContactAt(int index) => ref _contacts[index];

    public ref EntryHealth HealthAt(int index) => ref _health[index];

    public int IndexOf(in TContact contact)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_contacts[i].Equals(contact))
            {
                return i;
            }
        }

        return -1;
    }

    public int IndexOfKey(in TKey key)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_contacts[i].Key.Equals(key))
            {
                return i;
            }
        }

        return -1;
    }

    public int CountInPrefix(ulong prefix)
    {
        int count = 0;
        for (int i = 0; i < Count; i++)
        {
            count += _contacts[i].Prefix == prefix ? 1 : 0;
        }

        return count;
    }

    /// <summary>The entry with most failures, if any has at least <paramref name="failures"/>; otherwise -1.</summary>
    public int WorstWith(int failures)
    {
        int worst = -1;
        for (int i = Sound; i < Count; i++)
        {
            if (_health[i].Failures >= failures)
            {
                worst = i;
                failures = _health[i].Failures + 1;
            }
        }

        return worst;
    }

    /// <summary>Of the entries due for a check the one silent longest; otherwise -1.</summary>
    public int LeastRecentlySeenDue(Instant now)
    {
        int oldest = -1;
        for (int i = 0; i < Count; i++)
        {
            if (_health[i].CheckAt <= now && (oldest < 0 || _health[i].LastSeen < _health[oldest].LastSeen))
            {
                oldest = i;
            }
        }

        return oldest;
    }

    public void Add(in TContact contact, in EntryHealth health, int capacity)
    {
        Debug.Assert(health.Failures == 0);
        Debug.Assert(Count < capacity);
        if (Count == _contacts.Length)
        {
            int grown = Math.Min(capacity, Math.Max(2, Count * 2));
            Array.Resize(ref _contacts, grown);
            Array.Resize(ref _health, grown);
        }

        _contacts[Count] = contact;
        _health[Count] = health;
        Swap(Count, Sound);
        Count++;
        Sound++;
    }

    /// <summary>Sets the failures of an entry and moves it to its side of the bucket.</summary>
    public void SetFailures(int index, int failures)
    {
        _health[index].Failures = failures;
        if (failures == 0 && index >= Sound)
        {
            Swap(index, Sound);
            Sound++;
        }
        else if (failures > 0 && index < Sound)
        {
            Sound--;
            Swap(index, Sound);
        }
    }

    public void RemoveAt(int index)
    {
        if (index < Sound)
        {
            Sound--;
            Swap(index, Sound);
            index = Sound;
        }

        Count--;
        Swap(index, Count);
        _contacts[Count] = default;
    }

    private void Swap(int left, int right)
    {
        (_contacts[left], _contacts[right]) = (_contacts[right], _contacts[left]);
        (_health[left], _health[right]) = (_health[right], _health[left]);
    }
}
