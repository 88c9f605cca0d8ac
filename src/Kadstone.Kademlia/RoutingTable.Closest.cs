namespace Kadstone.Kademlia;

/// <summary>The answer to find_node: copying the entries nearest to a key.</summary>
public sealed partial class RoutingTable<TKey, TContact>
{
    /// <summary>Copies the entries nearest to a key, as many as fit. Allocates nothing.</summary>
    /// <returns>How many were copied.</returns>
    /// <remarks>
    /// <para>Entries with failures fill up what sound ones leave empty; bad ones are never handed out.</para>
    /// <para>The set is exact. The order is exact between buckets, not inside one: most answers are one or two block copies.
    /// With d = self XOR target, the entries of bucket i agree with the target in bit i exactly where that bit of d is set. So bucket
    /// i is nearer than all deeper ones where it is set and farther where it is not, and no two buckets interleave.</para>
    /// </remarks>
    public int CopyClosest(TKey target, Span<TContact> destination)
    {
        int filled = CopyByDistance(target, destination, sound: true);
        if (filled < destination.Length && _sound < Count)
        {
            filled += CopyByDistance(target, destination[filled..], sound: false);
        }

        return filled;
    }

    private int CopyByDistance(TKey target, Span<TContact> destination, bool sound)
    {
        TKey distance = _self ^ target;
        int filled = 0;
        for (int index = distance.LeadingZeroCount; index < _depth && filled < destination.Length; index++)
        {
            if (distance[index])
            {
                filled += CopyBucket(_buckets[index], target, destination[filled..], sound);
            }
        }

        for (int index = _depth - 1; index >= 0 && filled < destination.Length; index--)
        {
            if (!distance[index])
            {
                filled += CopyBucket(_buckets[index], target, destination[filled..], sound);
            }
        }

        return filled;
    }

    private int CopyBucket(Bucket<TKey, TContact>? bucket, TKey target, Span<TContact> destination, bool sound)
    {
        if (bucket is null)
        {
            return 0;
        }

        if (!sound)
        {
            return CopyFailing(bucket, target, destination);
        }

        ReadOnlySpan<TContact> contacts = bucket.SoundContacts;
        if (contacts.Length <= destination.Length)
        {
            contacts.CopyTo(destination);
            return contacts.Length;
        }

        int count = 0;
        foreach (ref readonly TContact contact in contacts)
        {
            Nearest.Keep(destination, ref count, contact, target);
        }

        return count;
    }

    private int CopyFailing(Bucket<TKey, TContact> bucket, TKey target, Span<TContact> destination)
    {
        int count = 0;
        for (int i = bucket.Sound; i < bucket.Count; i++)
        {
            if (bucket.HealthAt(i).Failures < _options.MaxFailures)
            {
                Nearest.Keep(destination, ref count, bucket.ContactAt(i), target);
            }
        }

        return count;
    }
}
