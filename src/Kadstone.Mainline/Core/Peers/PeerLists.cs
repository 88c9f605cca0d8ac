using System.Diagnostics;
using System.Numerics;
using Kadstone.Datagrams;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>The peers of one infohash and one IP version: a handle into <see cref="PeerLists"/>. 12 bytes.</summary>
internal struct PeerList
{
    /// <summary>Where the entries are; meaningless while there are none.</summary>
    public uint Block;

    /// <summary>No entry has an older stamp than this; a refresh leaves it behind, a sweep catches up.</summary>
    public uint Oldest;

    public ushort Count;

    /// <summary>The entries before this one are not seeds, the others are.</summary>
    public ushort NonSeeds;
}

/// <summary>Packed lists of peers of one IP version.</summary>
/// <remarks>
/// A list is dense, so that random picks are cheap, and parted into non-seeds and seeds. Beyond
/// <see cref="BlockPool{TEntry}.LongestWithoutBuckets"/> entries it is a hash table as well, chained by that part of the endpoint
/// which the limits count: all peers of one /24 share a bucket, so that looking one up counts its neighbours on the way.
/// </remarks>
internal abstract class PeerLists
{
    /// <summary>The place of <paramref name="peer"/>, or -1 and how many peers of its host and prefix there are (as far as they are limited).</summary>
    public abstract int Find(in PeerList list, in UdpEndpoint peer, out int ofHost, out int ofPrefix);

    public abstract void Add(ref PeerList list, in UdpEndpoint peer, bool isSeed, uint stamp);

    /// <summary>Renews an entry; false if that changed nothing.</summary>
    public abstract bool Refresh(ref PeerList list, int index, bool isSeed, uint stamp);

    public abstract UdpEndpoint EndpointAt(in PeerList list, int index);

    public abstract uint StampAt(in PeerList list, int index);

    /// <summary>Removes the next entry below <paramref name="cursor"/> that is not newer than <paramref name="horizon"/>. Start with the count; call until false.</summary>
    public abstract bool TryTakeOlder(ref PeerList list, uint horizon, ref int cursor, out UdpEndpoint peer);

    public abstract void Clear(ref PeerList list);

    /// <summary>Writes up to <paramref name="max"/> of the entries from <paramref name="start"/> to <paramref name="end"/>, all with the same chance, each once.</summary>
    public abstract int CopyAny(in PeerList list, int start, int end, int max, Span<byte> packed, Picker picker);

    public abstract void Scrape(in PeerList list, ScrapeFilter seeds, ScrapeFilter peers);
}

/// <inheritdoc/>
internal sealed class PeerLists<TEntry>(PeerTableOptions options, SecretHash hash) : PeerLists
    where TEntry : struct, IPeerEntry<TEntry>
{
    private const int CapacityBits = 5;
    private const int IndexBits = 32 - CapacityBits;

    private readonly BlockPool<TEntry>?[] _pools = new BlockPool<TEntry>?[17];
    private readonly bool _countsPrefixes = options.MaxPerPrefixAndKey is not null;
    private readonly bool _countsHosts = options.MaxPerHostAndKey is not null;

    public override int Find(in PeerList list, in UdpEndpoint peer, out int ofHost, out int ofPrefix)
    {
        ofHost = 0;
        ofPrefix = 0;
        if (list.Count == 0)
        {
            return -1;
        }

        Span<TEntry> entries = Entries(list);
        if (entries.Length <= BlockPool<TEntry>.LongestWithoutBuckets)
        {
            for (int i = 0; i < list.Count; i++)
            {
                if (Matches(entries[i], peer, ref ofHost, ref ofPrefix))
                {
                    return i;
                }
            }

            return -1;
        }

        for (int link = Buckets(list)[BucketOf(peer, entries.Length)]; link != 0; link = TEntry.NextOf(ref entries[link - 1]))
        {
            if (Matches(entries[link - 1], peer, ref ofHost, ref ofPrefix))
            {
                return link - 1;
            }
        }

        return -1;
    }

    public override void Add(ref PeerList list, in UdpEndpoint peer, bool isSeed, uint stamp)
    {
        Debug.Assert(list.Count < ushort.MaxValue);
        if (list.Count == 0)
        {
            list = new PeerList { Block = Rent(0), Oldest = stamp };
        }
        else if (list.Count == Capacity(list))
        {
            Resize(ref list, BitOperations.Log2((uint)list.Count) + 1);
        }

        int place = list.Count++;
        if (!isSeed)
        {
            int firstSeed = list.NonSeeds++;
            if (firstSeed != place)
            {
                Move(list, firstSeed, place);
                place = firstSeed;
            }
        }

        Entries(list)[place] = TEntry.From(peer, stamp);
        Link(list, place);
        list.Oldest = Math.Min(list.Oldest, stamp);
    }

    public override bool Refresh(ref PeerList list, int index, bool isSeed, uint stamp)
    {
        Span<TEntry> entries = Entries(list);
        bool changed = stamp > entries[index].Stamp;
        if (changed)
        {
            entries[index].Stamp = stamp;
        }

        bool wasSeed = index >= list.NonSeeds;
        if (wasSeed != isSeed)
        {
            changed = true;
            Swap(list, index, isSeed ? list.NonSeeds - 1 : list.NonSeeds);
            list.NonSeeds += (ushort)(isSeed ? -1 : 1);
        }

        return changed;
    }

    public override UdpEndpoint EndpointAt(in PeerList list, int index) => Entries(list)[index].Endpoint;

    public override uint StampAt(in PeerList list, int index) => Entries(list)[index].Stamp;

    public override bool TryTakeOlder(ref PeerList list, uint horizon, ref int cursor, out UdpEndpoint peer)
    {
        Debug.Assert(cursor <= list.Count);
        peer = default;
        if (list.Count == 0)
        {
            return false;
        }

        Span<TEntry> entries = Entries(list);
        while (cursor > 0)
        {
            cursor--;
            if (entries[cursor].Stamp <= horizon)
            {
                // What moves into the gap comes from behind the cursor and has been looked at.
                peer = entries[cursor].Endpoint;
                RemoveAt(ref list, cursor);
                return true;
            }
        }

        uint oldest = uint.MaxValue;
        foreach (ref readonly TEntry entry in entries[..list.Count])
        {
            oldest = Math.Min(oldest, entry.Stamp);
        }

        list.Oldest = oldest;
        return false;
    }

    public override void Clear(ref PeerList list)
    {
        if (list.Count != 0)
        {
            Return(list.Block);
            list = default;
        }
    }

    public override int CopyAny(in PeerList list, int start, int end, int max, Span<byte> packed, Picker picker)
    {
        int length = TEntry.CompactLength;
        int available = end - start;
        max = Math.Min(max, packed.Length / length);
        if (available <= 0 || max <= 0)
        {
            return 0;
        }

        ReadOnlySpan<TEntry> entries = Entries(list)[start..end];
        if (available <= max)
        {
            foreach (ref readonly TEntry entry in entries)
            {
                entry.WriteCompact(packed);
                packed = packed[length..];
            }

            return available;
        }

        // Robert Floyd's sample: every subset has the same chance, one draw a pick. (Bentley, Floyd, CACM 30:9, 1987.)
        Span<ulong> taken = stackalloc ulong[(available + 63) >> 6];
        taken.Clear();
        for (int last = available - max; last < available; last++)
        {
            int pick = picker.Below(last + 1);
            if ((taken[pick >> 6] & 1UL << pick) != 0)
            {
                pick = last;
            }

            taken[pick >> 6] |= 1UL << pick;
            entries[pick].WriteCompact(packed);
            packed = packed[length..];
        }

        return max;
    }

    public override void Scrape(in PeerList list, ScrapeFilter seeds, ScrapeFilter peers)
    {
        if (list.Count == 0)
        {
            return;
        }

        Span<byte> compact = stackalloc byte[TEntry.CompactLength];
        ReadOnlySpan<TEntry> entries = Entries(list)[..list.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].WriteCompact(compact);
            (i < list.NonSeeds ? peers : seeds).Add(compact[..^2]);
        }
    }

    private bool Matches(in TEntry entry, in UdpEndpoint peer, ref int ofHost, ref int ofPrefix)
    {
        if (_countsPrefixes && entry.IsOfPrefix(peer))
        {
            ofPrefix++;
        }

        if (!entry.IsOfHost(peer))
        {
            return false;
        }

        ofHost++;
        return entry.Port == peer.Port;
    }

    private void RemoveAt(ref PeerList list, int index)
    {
        Unlink(list, index);
        if (index < list.NonSeeds)
        {
            int lastNonSeed = --list.NonSeeds;
            if (index != lastNonSeed)
            {
                Move(list, lastNonSeed, index);
            }

            index = lastNonSeed;
        }

        int last = --list.Count;
        if (index != last)
        {
            Move(list, last, index);
        }

        if (list.Count == 0)
        {
            Return(list.Block);
            list = default;
        }
        else if (list.Count <= Capacity(list) / 4)
        {
            Resize(ref list, BitOperations.Log2((uint)Capacity(list)) - 1);
        }
    }

    private void Move(in PeerList list, int from, int to)
    {
        Span<TEntry> entries = Entries(list);
        if (entries.Length > BlockPool<TEntry>.LongestWithoutBuckets)
        {
            LinkTo(list, from) = (ushort)(to + 1);
        }

        entries[to] = entries[from];
    }

    private void Swap(in PeerList list, int left, int right)
    {
        if (left == right)
        {
            return;
        }

        Unlink(list, left);
        TEntry kept = Entries(list)[left];
        Move(list, right, left);
        Entries(list)[right] = kept;
        Link(list, right);
    }

    private void Link(in PeerList list, int index)
    {
        Span<TEntry> entries = Entries(list);
        if (entries.Length > BlockPool<TEntry>.LongestWithoutBuckets)
        {
            ref ushort first = ref Buckets(list)[BucketOf(entries[index].Endpoint, entries.Length)];
            TEntry.NextOf(ref entries[index]) = first;
            first = (ushort)(index + 1);
        }
    }

    private void Unlink(in PeerList list, int index)
    {
        Span<TEntry> entries = Entries(list);
        if (entries.Length > BlockPool<TEntry>.LongestWithoutBuckets)
        {
            LinkTo(list, index) = TEntry.NextOf(ref entries[index]);
        }
    }

    /// <summary>The bucket or entry that points to <paramref name="index"/>.</summary>
    private ref ushort LinkTo(in PeerList list, int index)
    {
        Span<TEntry> entries = Entries(list);
        ref ushort link = ref Buckets(list)[BucketOf(entries[index].Endpoint, entries.Length)];
        while (link != index + 1)
        {
            Debug.Assert(link != 0);
            link = ref TEntry.NextOf(ref entries[link - 1]);
        }

        return ref link;
    }

    private void Resize(ref PeerList list, int capacityLog2)
    {
        uint old = list.Block;
        uint block = Rent(capacityLog2);
        Entries(list)[..list.Count].CopyTo(Pool(capacityLog2).Entries(IndexOf(block)));
        list.Block = block;
        for (int i = 0; i < list.Count; i++)
        {
            Link(list, i);
        }

        Return(old);
    }

    private int BucketOf(in UdpEndpoint peer, int buckets) => (int)(buckets - 1 & (
        _countsPrefixes ? hash.Of(peer.Prefix)
        : _countsHosts ? hash.Of(peer.AddressHigh, peer.AddressLow, 0)
        : hash.Of(peer.AddressHigh, peer.AddressLow, peer.Port)));

    private Span<TEntry> Entries(in PeerList list) => Pool(list).Entries(IndexOf(list.Block));

    private Span<ushort> Buckets(in PeerList list) => Pool(list).Buckets(IndexOf(list.Block));

    private static int Capacity(in PeerList list) => 1 << (int)(list.Block >> IndexBits);

    private static int IndexOf(uint block) => (int)(block & ((1u << IndexBits) - 1));

    private BlockPool<TEntry> Pool(in PeerList list) => Pool((int)(list.Block >> IndexBits));

    private BlockPool<TEntry> Pool(int capacityLog2) => _pools[capacityLog2] ??= new BlockPool<TEntry>(1 << capacityLog2);

    private uint Rent(int capacityLog2) => (uint)capacityLog2 << IndexBits | (uint)Pool(capacityLog2).Rent();

    private void Return(uint block) => Pool((int)(block >> IndexBits)).Return(IndexOf(block));
}
