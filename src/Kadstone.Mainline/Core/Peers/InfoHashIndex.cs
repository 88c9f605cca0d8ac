using System.Diagnostics;
using System.Numerics;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>An infohash and its two lists. 48 bytes.</summary>
internal struct InfoHashSlot
{
    private ulong _high;
    private ulong _middle;
    private uint _low;

    /// <summary>The next slot of the same bucket, counted from 1; 0 at the end.</summary>
    public uint Next;

    public PeerList IPv4;

    public PeerList IPv6;

    public Key160 InfoHash
    {
        readonly get => new(_high, _middle, _low);
        set => (_high, _middle, _low) = (value.High, value.Middle, value.Low);
    }

    public readonly int PeerCount => IPv4.Count + IPv6.Count;

    public readonly bool Is(in Key160 infoHash) => _high == infoHash.High && _middle == infoHash.Middle && _low == infoHash.Low;
}

/// <summary>A hash table of infohashes that grows and shrinks one bucket at a time: no pause and no doubling, whatever its size.</summary>
/// <remarks>
/// Linear hashing (Litwin, 1980) over a dense array in segments. A removed slot is filled with the last one, so an index is good
/// until the next removal, and the slots at the end are the latest to come.
/// </remarks>
internal sealed class InfoHashIndex(SecretHash hash)
{
    private const int SegmentBits = 8;
    private const int SegmentLength = 1 << SegmentBits;
    private const int FewestBuckets = 16;

    private InfoHashSlot[]?[] _slots = [];
    private uint[]?[] _buckets = [];
    private int _bucketCount;
    private ulong[] _marks = [];
    private int _markCount;
    private int _markCursor;

    public int Count { get; private set; }

    public ref InfoHashSlot this[int index]
    {
        get
        {
            Debug.Assert((uint)index < (uint)Count);
            InfoHashSlot[]? segment = _slots[index >> SegmentBits];
            Debug.Assert(segment is not null);
            return ref segment[index & (SegmentLength - 1)];
        }
    }

    /// <summary>The index of an infohash, or -1.</summary>
    public int Find(in Key160 infoHash)
    {
        if (Count == 0)
        {
            return -1;
        }

        uint link = Bucket(BucketOf(hash.Of(infoHash)));
        while (link != 0)
        {
            ref readonly InfoHashSlot slot = ref this[(int)link - 1];
            if (slot.Is(infoHash))
            {
                return (int)link - 1;
            }

            link = slot.Next;
        }

        return -1;
    }

    /// <summary>Appends an infohash that is not there yet.</summary>
    public int Add(in Key160 infoHash)
    {
        Debug.Assert(Find(infoHash) < 0);
        while (_bucketCount <= Math.Max(Count, FewestBuckets - 1))
        {
            AddBucket();
        }

        int index = Count++;
        Reserve(ref _slots, index);
        if (index >> 6 >= _marks.Length)
        {
            Array.Resize(ref _marks, Math.Max(4, 2 * _marks.Length));
        }

        ref uint first = ref Bucket(BucketOf(hash.Of(infoHash)));
        this[index] = new InfoHashSlot { InfoHash = infoHash, Next = first };
        first = (uint)index + 1;
        return index;
    }

    /// <summary>Removes a slot and moves the last one into its place.</summary>
    public void RemoveAt(int index)
    {
        ref InfoHashSlot slot = ref this[index];
        LinkTo(index) = slot.Next;
        Unmark(index);
        int last = Count - 1;
        if (index != last)
        {
            LinkTo(last) = (uint)index + 1;
            slot = this[last];
            if (Unmark(last))
            {
                Mark(index);
            }
        }

        Count--;
        Trim(_slots, Count);
        if (_bucketCount > FewestBuckets && _bucketCount > Count + SegmentLength)
        {
            RemoveBucket();
        }
    }

    /// <summary>Notes that a slot has changed since it was last taken by <see cref="TryTakeMarked"/>.</summary>
    public void Mark(int index)
    {
        ref ulong word = ref _marks[index >> 6];
        ulong bit = 1UL << (index & 63);
        _markCount += (word & bit) == 0 ? 1 : 0;
        word |= bit;
    }

    /// <summary>Takes the next changed slot, round and round.</summary>
    public bool TryTakeMarked(out int index)
    {
        index = -1;
        if (_markCount == 0)
        {
            return false;
        }

        int words = (Count + 63) >> 6;
        while (true)
        {
            if (_markCursor >= words)
            {
                _markCursor = 0;
            }

            ulong word = _marks[_markCursor];
            if (word != 0)
            {
                index = (_markCursor << 6) + BitOperations.TrailingZeroCount(word);
                Unmark(index);
                return true;
            }

            _markCursor++;
        }
    }

    private bool Unmark(int index)
    {
        ref ulong word = ref _marks[index >> 6];
        ulong bit = 1UL << (index & 63);
        bool marked = (word & bit) != 0;
        _markCount -= marked ? 1 : 0;
        word &= ~bit;
        return marked;
    }

    /// <summary>The bucket or slot that points to <paramref name="index"/>.</summary>
    private ref uint LinkTo(int index)
    {
        ref uint link = ref Bucket(BucketOf(hash.Of(this[index].InfoHash)));
        while (link != (uint)index + 1)
        {
            Debug.Assert(link != 0);
            link = ref this[(int)link - 1].Next;
        }

        return ref link;
    }

    private int BucketOf(uint hashed)
    {
        uint mask = BitOperations.RoundUpToPowerOf2((uint)_bucketCount) - 1;
        uint bucket = hashed & mask;
        return (int)(bucket < (uint)_bucketCount ? bucket : bucket & mask >> 1);
    }

    private ref uint Bucket(int bucket)
    {
        uint[]? segment = _buckets[bucket >> SegmentBits];
        Debug.Assert(segment is not null);
        return ref segment[bucket & (SegmentLength - 1)];
    }

    private void AddBucket()
    {
        Reserve(ref _buckets, _bucketCount);
        int added = _bucketCount++;
        if (added == 0)
        {
            return;
        }

        // The new bucket takes its share of the one that stood for both so far.
        ref uint kept = ref Bucket(added - (int)(BitOperations.RoundUpToPowerOf2((uint)added + 1) / 2));
        ref uint moved = ref Bucket(added);
        uint link = kept;
        kept = 0;
        while (link != 0)
        {
            ref InfoHashSlot slot = ref this[(int)link - 1];
            uint next = slot.Next;
            ref uint first = ref BucketOf(hash.Of(slot.InfoHash)) == added ? ref moved : ref kept;
            slot.Next = first;
            first = link;
            link = next;
        }
    }

    private void RemoveBucket()
    {
        int removed = --_bucketCount;
        ref uint end = ref Bucket(removed - (int)(BitOperations.RoundUpToPowerOf2((uint)removed + 1) / 2));
        while (end != 0)
        {
            end = ref this[(int)end - 1].Next;
        }

        end = Bucket(removed);
        Bucket(removed) = 0;
        Trim(_buckets, _bucketCount);
    }

    private static void Reserve<T>(ref T[]?[] segments, int index)
    {
        int segment = index >> SegmentBits;
        if (segment >= segments.Length)
        {
            Array.Resize(ref segments, Math.Max(1, 2 * segments.Length));
        }

        segments[segment] ??= new T[SegmentLength];
    }

    // One empty segment is kept, so that a count that swings around a boundary allocates nothing.
    private static void Trim<T>(T[]?[] segments, int count)
    {
        int dropped = ((count + SegmentLength - 1) >> SegmentBits) + 1;
        if (dropped < segments.Length)
        {
            segments[dropped] = null;
        }
    }
}
