namespace Kadstone.Kademlia;

/// <summary>Keeps the nearest few of many contacts, nearest first, in a span of the caller.</summary>
internal static class Nearest
{
    /// <summary>Inserts a contact among the <paramref name="count"/> kept so far unless the span is full of nearer ones.</summary>
    public static void Keep<TKey, TContact>(Span<TContact> kept, ref int count, in TContact contact, in TKey target)
        where TKey : struct, IKey<TKey>
        where TContact : struct, IContact<TContact, TKey>
    {
        TKey distance = contact.Key ^ target;
        int place = count;
        while (place > 0 && distance < (kept[place - 1].Key ^ target))
        {
            place--;
        }

        if (place == kept.Length)
        {
            return;
        }

        int moved = (count < kept.Length ? count : kept.Length - 1) - place;
        kept.Slice(place, moved).CopyTo(kept[(place + 1)..]);
        kept[place] = contact;
        count = Math.Min(count + 1, kept.Length);
    }
}
