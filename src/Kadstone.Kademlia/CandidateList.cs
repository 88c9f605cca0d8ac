using System.Diagnostics;

namespace Kadstone.Kademlia;

/// <summary>The contacts a node lookup knows of, by distance, then by arrival. Bounded; one that was asked is never forgotten.</summary>
internal sealed class CandidateList<TKey, TContact>(int capacity)
    where TKey : struct, IKey<TKey>
    where TContact : struct, IContact<TContact, TKey>
{
    private Candidate<TKey, TContact>[] _items = new Candidate<TKey, TContact>[Math.Min(capacity, 32)];

    public int Count { get; private set; }

    public ref Candidate<TKey, TContact> this[int index] => ref _items[index];

    /// <summary>Adds a contact unless it is known, or nothing farther can make room.</summary>
    /// <param name="contact">Who.</param>
    /// <param name="distance">Its distance to the target.</param>
    /// <param name="introducedBy">The step that named it.</param>
    /// <param name="maxKeys">Under how many keys a contact may stand here. Where the key is no part of equality, one liar's wrong
    /// key for an endpoint must not hide its true one, nor may many keys turn the lookup against an endpoint.</param>
    public bool TryAdd(in TContact contact, in TKey distance, int introducedBy, int maxKeys)
    {
        int keys = 0;
        int farthestOfIts = -1;
        for (int i = 0; i < Count; i++)
        {
            if (!_items[i].Contact.Equals(contact))
            {
                continue;
            }

            if (_items[i].Distance.Equals(distance))
            {
                return false;
            }

            keys++;
            farthestOfIts = _items[i].State is CandidateState.Unasked or CandidateState.Passed ? i : farthestOfIts;
        }

        if (keys >= maxKeys ? !TryReplace(farthestOfIts, distance) : Count == capacity && !TryReplace(FarthestNeverAsked(), distance))
        {
            return false;
        }

        Insert(new Candidate<TKey, TContact> { Contact = contact, Distance = distance, IntroducedBy = introducedBy, Step = -1 });
        return true;
    }

    /// <summary>The open request to a contact: the one under its key, or any other to it; otherwise -1.</summary>
    public int IndexOfOpen(in TContact contact, in TKey distance)
    {
        int found = -1;
        for (int i = 0; i < Count; i++)
        {
            ref Candidate<TKey, TContact> candidate = ref _items[i];
            if (candidate.IsOpen && candidate.Contact.Equals(contact))
            {
                if (candidate.Distance.Equals(distance))
                {
                    return i;
                }

                found = found < 0 ? i : found;
            }
        }

        return found;
    }

    private int FarthestNeverAsked()
    {
        int i = Count - 1;
        while (i >= 0 && _items[i].State is not (CandidateState.Unasked or CandidateState.Passed))
        {
            i--;
        }

        return i;
    }

    private bool TryReplace(int index, in TKey nearer)
    {
        if (index < 0 || _items[index].Distance <= nearer)
        {
            return false;
        }

        Count--;
        Array.Copy(_items, index + 1, _items, index, Count - index);
        return true;
    }

    private void Insert(in Candidate<TKey, TContact> candidate)
    {
        Debug.Assert(Count < capacity);
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Min(capacity, Count * 2));
        }

        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (candidate.Distance < _items[middle].Distance)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        Array.Copy(_items, low, _items, low + 1, Count - low);
        _items[low] = candidate;
        Count++;
    }
}
