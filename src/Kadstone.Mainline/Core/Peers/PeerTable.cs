using System.Buffers;
using System.Diagnostics;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>The peers that strangers announced to us: infohash to endpoints, packed, bounded and in memory.</summary>
/// <remarks>
/// <para>BEP 5, 32, 33, 51. Peers are soft state: an answer promises memory only, and <see cref="TryTakeDirty"/> and
/// <see cref="Save"/> let a journal follow behind.</para>
/// <para>A full table favours who came first: a new infohash may only replace one of the last hundredth of those that came, and only
/// one that is farther from our node id and has few peers. So a flood, however its keys are chosen, costs at most 1 % of what was there.</para>
/// <para>Time is counted in whole seconds. One caller at a time.</para>
/// </remarks>
internal sealed class PeerTable
{
    /// <summary>20: the most infohashes of one sample, as many as libtorrent and mldht give; they fit a packet.</summary>
    public const int MaxSamples = 20;

    private const int EvictionDraws = 8;
    private const int ProvenPeers = 16;
    private const int SlotsPerSweep = 2_048;
    private const int PeersPerSweep = 8_192;

    private static readonly TimeSpan SweepPause = TimeSpan.FromMilliseconds(10);

    private readonly PeerTableOptions _options;
    private readonly Key160 _self;
    private readonly Random _chance;
    private readonly Picker _picker;
    private readonly InfoHashIndex _index;
    private readonly PeerLists<PeerEntry4> _ipv4;
    private readonly PeerLists<PeerEntry6> _ipv6;
    private readonly ScrapeCache _scrapes = new();
    private readonly long[] _admissions = new long[(int)PeerAdmission.RefusedTableFull + 1];
    private readonly uint _lifetime;

    private HostTally? _hosts;

    private bool _started;
    private Instant _start;

    // No stored peer is older than this, in seconds of the table.
    private uint _oldest = uint.MaxValue;
    private int _sweepCursor = -1;
    private Instant _sweepResume;
    private Instant _nextSweep = new(long.MinValue);

    private byte[] _samples = [];
    private int _sampleCount;
    private Instant _sampledAt;

    /// <summary>An empty table.</summary>
    /// <param name="options">The bounds.</param>
    /// <param name="chance">The source of the secrets and of the random picks.</param>
    /// <param name="self">Our node id; a full table prefers infohashes close to it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public PeerTable(PeerTableOptions options, Random chance, Key160 self)
    {
        options.Validate();
        _options = options;
        _chance = chance;
        _self = self;
        _picker = new Picker(chance);
        _lifetime = (uint)options.PeerLifetime.TotalSeconds;
        SecretHash hash = new(chance);
        _index = new InfoHashIndex(hash);
        _ipv4 = new PeerLists<PeerEntry4>(options, hash);
        _ipv6 = new PeerLists<PeerEntry6>(options, hash);
    }

    /// <summary>Called for each peer whose life has ended, not for one that made room. It must not call the table.</summary>
    public Action<Key160, UdpEndpoint>? Expired { get; set; }

    /// <summary>How many infohashes are stored.</summary>
    public int KeyCount => _index.Count;

    /// <summary>How many peers are stored under all infohashes.</summary>
    public int PeerCount { get; private set; }

    /// <summary>How many infohashes made room for another one.</summary>
    public long EvictedKeys { get; private set; }

    /// <summary>How many peers have expired.</summary>
    public long ExpiredPeers { get; private set; }

    /// <summary>When <see cref="Expire"/> has work again; <see cref="Instant.Never"/> while the table is empty.</summary>
    public Instant NextDeadline =>
        KeyCount == 0 ? Instant.Never
        : _sweepCursor >= 0 ? _sweepResume
        : Instant.Later(_nextSweep, _start + TimeSpan.FromSeconds((double)_oldest + _lifetime));

    /// <summary>How many announces had this outcome.</summary>
    public long Admissions(PeerAdmission admission) => _admissions[(int)admission];

    /// <summary>Whether peers are stored under the infohash.</summary>
    public bool Contains(in Key160 infoHash) => _index.Find(infoHash) >= 0;

    /// <summary>Whether the infohash takes no further peers of this IP version. The token is withheld then, so that the asker announces to the next node.</summary>
    public bool IsFull(in Key160 infoHash, bool ipv4)
    {
        int index = _index.Find(infoHash);
        return index >= 0 && ListOf(ref _index[index], ipv4).Count >= _options.MaxPeersPerKey;
    }

    /// <summary>Stores a peer or renews its life.</summary>
    /// <param name="infoHash">What the peer takes part in.</param>
    /// <param name="peer">The address the announce came from, with the announced port.</param>
    /// <param name="isSeed">Whether it announced itself as a seed (BEP 33).</param>
    /// <param name="now">The present moment.</param>
    public PeerAdmission Announce(in Key160 infoHash, UdpEndpoint peer, bool isSeed, Instant now)
    {
        PeerAdmission admission = Admit(infoHash, peer, isSeed, Stamp(now), now, out int changed);
        if (changed >= 0)
        {
            _index.Mark(changed);
        }

        _admissions[(int)admission]++;
        return admission;
    }

    /// <summary>Writes random peers of the infohash in compact form, 6 or 18 bytes each, none twice.</summary>
    /// <param name="infoHash">The infohash asked for.</param>
    /// <param name="ipv4">Whether IPv4 or IPv6 peers are wanted.</param>
    /// <param name="noSeeds">Whether seeds are given only when there are not enough others (BEP 33, <c>noseed</c>).</param>
    /// <param name="max">The most peers to write; the length of <paramref name="packed"/> bounds them as well.</param>
    /// <param name="packed">Where the peers are written.</param>
    /// <param name="now">The present moment.</param>
    /// <returns>How many peers were written.</returns>
    public int CopyPeers(in Key160 infoHash, bool ipv4, bool noSeeds, int max, Span<byte> packed, Instant now)
    {
        int index = FindLive(infoHash, now);
        if (index < 0)
        {
            return 0;
        }

        PeerLists lists = ListsOf(ipv4);
        PeerList list = ListOf(ref _index[index], ipv4);
        if (!noSeeds)
        {
            return lists.CopyAny(list, 0, list.Count, max, packed, _picker);
        }

        int written = lists.CopyAny(list, 0, list.NonSeeds, max, packed, _picker);
        return written + lists.CopyAny(list, list.NonSeeds, list.Count, max - written, packed[(written * (ipv4 ? 6 : 18))..], _picker);
    }

    /// <summary>Fills two filters, whatever they held, with the addresses of the infohash's seeds and other peers, of both IP versions.</summary>
    /// <returns>False when the infohash is not stored; a scrape is not answered then (BEP 33).</returns>
    /// <remarks>What many peers announced is remembered for a minute, since hashing all their addresses takes a millisecond.</remarks>
    public bool TryScrape(in Key160 infoHash, Instant now, ScrapeFilter seeds, ScrapeFilter peers)
    {
        int index = FindLive(infoHash, now);
        if (index < 0)
        {
            return false;
        }

        seeds.Clear();
        peers.Clear();
        ref InfoHashSlot slot = ref _index[index];
        bool worthKeeping = slot.PeerCount >= ScrapeCache.FewestPeers;
        if (worthKeeping && _scrapes.TryGet(infoHash, now, seeds, peers))
        {
            return true;
        }

        _ipv4.Scrape(slot.IPv4, seeds, peers);
        _ipv6.Scrape(slot.IPv6, seeds, peers);
        if (worthKeeping)
        {
            _scrapes.Put(infoHash, now, seeds, peers);
        }

        return true;
    }

    /// <summary>Writes random infohashes of 20 bytes, up to <see cref="MaxSamples"/>; the same ones during <see cref="PeerTableOptions.SampleInterval"/>.</summary>
    /// <returns>How many were written.</returns>
    /// <remarks>BEP 51. A set that is not full is drawn anew once the table has more, as libtorrent does.</remarks>
    public int CopySamples(Span<byte> hashes, Instant now)
    {
        bool stale = _samples.Length == 0
            || now - _sampledAt >= _options.SampleInterval
            || (_sampleCount < MaxSamples && KeyCount > _sampleCount);
        if (stale)
        {
            DrawSamples(now);
        }

        int count = Math.Min(_sampleCount, hashes.Length / Key160.ByteLength);
        _samples.AsSpan(0, count * Key160.ByteLength).CopyTo(hashes);
        return count;
    }

    /// <summary>Removes what has expired; a bounded number at a call, and the rest when <see cref="NextDeadline"/> says.</summary>
    public void Expire(Instant now)
    {
        if (now < NextDeadline || KeyCount == 0)
        {
            return;
        }

        uint horizon = Horizon(now);
        if (_sweepCursor < 0)
        {
            _sweepCursor = KeyCount - 1;
            _oldest = uint.MaxValue;

            // A busy table has something to expire every second. Once in a while is enough: readers never see an expired peer anyway.
            _nextSweep = now + (_options.PeerLifetime / 64);
        }

        // From the end, since a removal brings in the last slot, which has been looked at.
        _sweepCursor = Math.Min(_sweepCursor, KeyCount - 1);
        int peers = PeersPerSweep;
        for (int slots = SlotsPerSweep; slots > 0 && peers > 0 && _sweepCursor >= 0; slots--, _sweepCursor--)
        {
            ref InfoHashSlot slot = ref _index[_sweepCursor];
            peers -= SweepList(ref slot, true, horizon) + SweepList(ref slot, false, horizon);
            NoteOldest(slot);
            RemoveIfEmpty(_sweepCursor);
        }

        _sweepResume = now + SweepPause;
    }

    /// <summary>Takes an infohash whose peers have changed since it was last taken. What has gone altogether is not named: its record in a journal expires by itself.</summary>
    public bool TryTakeDirty(out Key160 infoHash)
    {
        bool taken = _index.TryTakeMarked(out int index);
        infoHash = taken ? _index[index].InfoHash : default;
        return taken;
    }

    /// <summary>Writes the peers of the infohash with their ages, for a journal.</summary>
    /// <returns>How many bytes were written; 0 when the infohash is not stored.</returns>
    public int Save(in Key160 infoHash, Instant now, IBufferWriter<byte> destination)
    {
        int index = FindLive(infoHash, now);
        if (index < 0)
        {
            return 0;
        }

        ref InfoHashSlot slot = ref _index[index];
        int length = SavedPeers.LengthOf(slot.IPv4.Count, slot.IPv6.Count);
        Span<byte> blob = destination.GetSpan(length)[..length];
        SavedPeers.Writer writer = new(blob, slot.IPv4.Count, slot.IPv6.Count);
        uint stamp = Stamp(now);
        SaveList(ref writer, _ipv4, slot.IPv4, stamp);
        SaveList(ref writer, _ipv6, slot.IPv6, stamp);
        destination.Advance(length);
        return length;
    }

    /// <summary>Stores saved peers again, within the same limits as announced ones.</summary>
    /// <param name="infoHash">What the peers take part in.</param>
    /// <param name="blob">What <see cref="Save"/> wrote.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="sinceSaved">How long ago that was; less than nothing counts as nothing.</param>
    /// <returns>False, and nothing is stored, when the bytes are not a saved list of a known version.</returns>
    public bool Restore(in Key160 infoHash, ReadOnlySpan<byte> blob, Instant now, TimeSpan sinceSaved = default)
    {
        if (!SavedPeers.TryRead(blob, out SavedPeers.Reader reader))
        {
            return false;
        }

        uint stamp = Stamp(now);
        double away = Math.Max(0, sinceSaved.TotalSeconds);
        while (reader.TryNext(out UdpEndpoint peer, out bool isSeed, out int age))
        {
            if (age + away < _lifetime)
            {
                uint announced = (uint)Math.Max(1, stamp - (long)(age + away));
                _ = Admit(infoHash, peer, isSeed, announced, now, out _);
            }
        }

        return true;
    }

    /// <summary>Stores a peer or renews its life; <paramref name="changed"/> is the index of its infohash, or -1 when all is as before.</summary>
    private PeerAdmission Admit(in Key160 infoHash, in UdpEndpoint peer, bool isSeed, uint stamp, Instant now, out int changed)
    {
        changed = -1;
        if (peer.Port == 0)
        {
            return PeerAdmission.RefusedPort;
        }

        bool ipv4 = peer.IsIPv4;
        PeerLists lists = ListsOf(ipv4);
        int index = FindLive(infoHash, now);
        if (index >= 0)
        {
            ref PeerList list = ref ListOf(ref _index[index], ipv4);
            int place = lists.Find(list, peer, out int ofHost, out int ofPrefix);
            if (place >= 0)
            {
                changed = lists.Refresh(ref list, place, isSeed, stamp) ? index : -1;
                return PeerAdmission.Refreshed;
            }

            if (ofHost >= _options.MaxPerHostAndKey)
            {
                return PeerAdmission.RefusedHostLimit;
            }

            if (ofPrefix >= _options.MaxPerPrefixAndKey)
            {
                return PeerAdmission.RefusedPrefixLimit;
            }

            if (list.Count >= _options.MaxPeersPerKey)
            {
                return PeerAdmission.RefusedKeyFull;
            }
        }

        if (_hosts is not null && _hosts[peer] >= _options.MaxPerHost)
        {
            return PeerAdmission.RefusedHostTotal;
        }

        bool full = PeerCount >= _options.MaxPeers || (index < 0 && KeyCount >= _options.MaxKeys);
        if (full)
        {
            if (!TryEvict(infoHash))
            {
                return PeerAdmission.RefusedTableFull;
            }

            index = _index.Find(infoHash);
        }

        if (index < 0)
        {
            index = _index.Add(infoHash);
        }

        lists.Add(ref ListOf(ref _index[index], ipv4), peer, isSeed, stamp);
        _oldest = Math.Min(_oldest, stamp);
        PeerCount++;
        if (_hosts is not null)
        {
            _hosts.Add(peer);
        }
        else if (PeerCount >= _options.MaxPerHost)
        {
            _hosts = CountHosts();
        }

        changed = index;
        return PeerAdmission.Added;
    }

    /// <summary>Removes one of the latest infohashes that is farther from our node id than the newcomer, if a few draws find one.</summary>
    /// <remarks>
    /// The slots at the end of the index are the latest to come, and in a full table a newcomer takes its place among them: what
    /// stands before the last hundredth is never evicted. What many hosts announced is no flood and stays.
    /// </remarks>
    private bool TryEvict(in Key160 newcomer)
    {
        int latest = Math.Max(1, KeyCount / 100);
        int victim = -1;
        Key160 farthest = newcomer ^ _self;
        for (int i = 0; i < EvictionDraws; i++)
        {
            int index = KeyCount - 1 - _picker.Below(latest);
            ref readonly InfoHashSlot slot = ref _index[index];
            Key160 distance = slot.InfoHash ^ _self;
            if (distance > farthest && slot.PeerCount <= ProvenPeers)
            {
                (victim, farthest) = (index, distance);
            }
        }

        if (victim < 0)
        {
            return false;
        }

        Remove(victim);
        EvictedKeys++;
        return true;
    }

    private void Remove(int index)
    {
        ref InfoHashSlot slot = ref _index[index];
        if (_hosts is not null)
        {
            for (int i = 0; i < slot.IPv4.Count; i++)
            {
                _hosts.Remove(_ipv4.EndpointAt(slot.IPv4, i));
            }

            for (int i = 0; i < slot.IPv6.Count; i++)
            {
                _hosts.Remove(_ipv6.EndpointAt(slot.IPv6, i));
            }
        }

        PeerCount -= slot.PeerCount;
        _ipv4.Clear(ref slot.IPv4);
        _ipv6.Clear(ref slot.IPv6);
        RemoveIfEmpty(index);
    }

    private bool RemoveIfEmpty(int index)
    {
        bool empty = _index[index].PeerCount == 0;
        if (empty)
        {
            _index.RemoveAt(index);
        }

        return empty;
    }

    /// <summary>The index of an infohash that has peers after the expired ones are gone, or -1.</summary>
    private int FindLive(in Key160 infoHash, Instant now)
    {
        int index = _index.Find(infoHash);
        if (index < 0)
        {
            return -1;
        }

        ref InfoHashSlot slot = ref _index[index];
        uint horizon = Horizon(now);
        _ = SweepList(ref slot, true, horizon) + SweepList(ref slot, false, horizon);
        return RemoveIfEmpty(index) ? -1 : index;
    }

    /// <summary>Removes the expired peers of one list.</summary>
    /// <returns>How many entries were looked at.</returns>
    private int SweepList(ref InfoHashSlot slot, bool ipv4, uint horizon)
    {
        ref PeerList list = ref ListOf(ref slot, ipv4);
        if (list.Count == 0 || list.Oldest > horizon)
        {
            return 0;
        }

        PeerLists lists = ListsOf(ipv4);
        int looked = list.Count;
        int cursor = looked;
        while (lists.TryTakeOlder(ref list, horizon, ref cursor, out UdpEndpoint peer))
        {
            PeerCount--;
            ExpiredPeers++;
            _hosts?.Remove(peer);
            Expired?.Invoke(slot.InfoHash, peer);
        }

        return looked;
    }

    private void NoteOldest(in InfoHashSlot slot)
    {
        if (slot.IPv4.Count != 0)
        {
            _oldest = Math.Min(_oldest, slot.IPv4.Oldest);
        }

        if (slot.IPv6.Count != 0)
        {
            _oldest = Math.Min(_oldest, slot.IPv6.Oldest);
        }
    }

    /// <summary>The counts of all hosts. Made only when one host can have reached the limit: most nodes never pay for it.</summary>
    private HostTally CountHosts()
    {
        HostTally hosts = new(_chance);
        for (int index = 0; index < KeyCount; index++)
        {
            ref InfoHashSlot slot = ref _index[index];
            for (int i = 0; i < slot.IPv4.Count; i++)
            {
                hosts.Add(_ipv4.EndpointAt(slot.IPv4, i));
            }

            for (int i = 0; i < slot.IPv6.Count; i++)
            {
                hosts.Add(_ipv6.EndpointAt(slot.IPv6, i));
            }
        }

        return hosts;
    }

    private void DrawSamples(Instant now)
    {
        if (_samples.Length == 0)
        {
            _samples = new byte[MaxSamples * Key160.ByteLength];
        }

        // Floyd's sample again, over so few that looking through them serves as the set.
        _sampledAt = now;
        _sampleCount = Math.Min(MaxSamples, KeyCount);
        Span<int> picks = stackalloc int[MaxSamples];
        for (int i = 0; i < _sampleCount; i++)
        {
            int last = KeyCount - _sampleCount + i;
            int pick = _picker.Below(last + 1);
            picks[i] = picks[..i].Contains(pick) ? last : pick;
            _index[picks[i]].InfoHash.Write(_samples.AsSpan(i * Key160.ByteLength));
        }
    }

    private static void SaveList(ref SavedPeers.Writer writer, PeerLists lists, in PeerList list, uint now)
    {
        for (int i = 0; i < list.Count; i++)
        {
            uint stamp = lists.StampAt(list, i);
            writer.Write(lists.EndpointAt(list, i), i >= list.NonSeeds, now > stamp ? now - stamp : 0);
        }
    }

    /// <summary>Seconds of the table. The first moment it hears of is one lifetime and a second, so that every age it restores fits.</summary>
    private uint Stamp(Instant now)
    {
        if (!_started)
        {
            _started = true;
            _start = now - TimeSpan.FromSeconds(_lifetime + 1);
        }

        return (uint)Math.Clamp((now - _start).Ticks / TimeSpan.TicksPerSecond, 1, uint.MaxValue - 1);
    }

    /// <summary>A peer whose stamp is not later than this has expired.</summary>
    private uint Horizon(Instant now)
    {
        uint stamp = Stamp(now);
        return stamp > _lifetime ? stamp - _lifetime : 0;
    }

    private PeerLists ListsOf(bool ipv4) => ipv4 ? _ipv4 : _ipv6;

    private static ref PeerList ListOf(ref InfoHashSlot slot, bool ipv4)
    {
        if (ipv4)
        {
            return ref slot.IPv4;
        }

        return ref slot.IPv6;
    }
}
