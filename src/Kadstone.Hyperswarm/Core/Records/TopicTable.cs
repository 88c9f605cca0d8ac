using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Who announced which topic: packed, bounded, in memory, expired without a scan.</summary>
/// <remarks>Full, it refuses the new and keeps the old; so does a topic, and so does the share of a source.</remarks>
internal sealed class TopicTable
{
    private readonly HyperLimits _limits;
    private readonly Random _chance;
    private readonly Dictionary<Key256, Topic> _topics;
    private readonly TimeList<Record> _records;
    private readonly SourceCounts _sources;
    private readonly long[] _admissions = new long[(int)RecordAdmission.RefusedFull + 1];

    public TopicTable(HyperLimits limits, SecretKeyComparer comparer, Random chance)
    {
        _limits = limits;
        _chance = chance;
        _topics = new Dictionary<Key256, Topic>(comparer);
        _records = new TimeList<Record>(limits.Records);
        _sources = new SourceCounts(limits.PerSource);
    }

    public int TopicCount => _topics.Count;

    public int RecordCount => _records.Count;

    public long Expired { get; private set; }

    public Instant NextDeadline => _records.IsEmpty ? Instant.Never : _records[_records.First].Expires;

    /// <summary>How many announces had this outcome.</summary>
    public long Admissions(RecordAdmission admission) => _admissions[(int)admission];

    /// <summary>Stores a peer under a topic, or renews its life.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="peer">Who; its signature has been checked.</param>
    /// <param name="source">Who sent it, with a token of ours.</param>
    /// <param name="bump">Kept for the topic if it is above the present one; 0 for none.</param>
    /// <param name="now">The present moment.</param>
    public RecordAdmission Announce(in Key256 topic, in KeptPeer peer, UdpEndpoint source, long bump, Instant now)
    {
        Expire(now);
        RecordAdmission admission = Admit(topic, peer, SourceCounts.HostOf(source), now);
        _admissions[(int)admission]++;
        if (admission <= RecordAdmission.Refreshed)
        {
            Topic entry = _topics[topic];
            entry.Bump = Math.Max(entry.Bump, bump);
        }

        return admission;
    }

    /// <summary>Renews the life of a record that is there.</summary>
    public bool Refresh(in Key256 topic, in Key256 publicKey, Instant now)
    {
        if (!_topics.TryGetValue(topic, out Topic? entry) || Find(entry, publicKey, 0, out _) is not (>= 0 and int place) || _records[place].Expires <= now)
        {
            return false;
        }

        Renew(place, now);
        return true;
    }

    public bool Remove(in Key256 topic, in Key256 publicKey)
    {
        if (!_topics.TryGetValue(topic, out Topic? entry) || Find(entry, publicKey, 0, out _) is not (>= 0 and int place))
        {
            return false;
        }

        Remove(place);
        return true;
    }

    /// <summary>Writes the value of a LOOKUP's response: some of the records, chosen at random, and the bump.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="self">The server whose key is the topic; written when there is room.</param>
    /// <param name="buffer">As much as the answer may hold.</param>
    /// <param name="now">The present moment.</param>
    /// <returns>The bytes written; 0 when nobody is known, or nobody fits.</returns>
    public int WriteLookup(in Key256 topic, KeptPeer? self, Span<byte> buffer, Instant now)
    {
        Expire(now);
        _topics.TryGetValue(topic, out Topic? entry);
        long bump = entry?.Bump ?? 0;
        int room = buffer.Length - 1 - CompactWriter.LengthOf(bump);
        int picked = entry is null ? 0 : Pick(entry, ref room);
        bool isSelfWritten = self is { } server && picked < LookupAnswer.MaxPeers && server.Length <= room;
        if (picked == 0 && !isSelfWritten)
        {
            return 0;
        }

        CompactWriter writer = new(buffer);
        writer.UInt(picked + (isSelfWritten ? 1 : 0));
        ReadOnlySpan<int> places = entry is null ? [] : entry.Places.AsSpan(0, picked);
        foreach (int place in places)
        {
            _records[place].Peer.Write(ref writer);
        }

        if (isSelfWritten)
        {
            self.GetValueOrDefault().Write(ref writer);
        }

        writer.UInt(bump);
        return writer.Length;
    }

    /// <summary>Removes what has expired.</summary>
    public void Expire(Instant now)
    {
        while (!_records.IsEmpty && NextDeadline <= now)
        {
            Remove(_records.First);
            Expired++;
        }
    }

    private RecordAdmission Admit(in Key256 topic, in KeptPeer peer, uint host, Instant now)
    {
        if (_topics.TryGetValue(topic, out Topic? entry))
        {
            int known = Find(entry, peer.PublicKey, host, out SourceShare share);
            if (known >= 0)
            {
                // The latest source is the one it counts for: an owner who moves does not pay for its old address.
                ref Record record = ref _records[known];
                _sources.Remove(record.Host);
                _sources.Add(host);
                record.Peer = peer;
                record.Host = host;
                Renew(known, now);
                return RecordAdmission.Refreshed;
            }

            if (_limits.PerTopic is { } most && (share.OfHost >= most.PerHost || share.OfPrefix >= most.PerPrefix))
            {
                return RecordAdmission.RefusedTopicShare;
            }

            if (entry.Count >= _limits.RecordsPerTopic)
            {
                return RecordAdmission.RefusedTopicFull;
            }
        }

        if (!_sources.HasRoom(host))
        {
            return RecordAdmission.RefusedShare;
        }

        if (!_records.TryAdd(out int place))
        {
            return RecordAdmission.RefusedFull;
        }

        if (entry is null)
        {
            _topics.Add(topic, entry = new Topic());
        }

        _records[place] = new Record { Topic = topic, Peer = peer, Host = host, Position = entry.Count, Expires = now + _limits.RecordLifetime };
        entry.Add(place);
        _sources.Add(host);
        return RecordAdmission.Added;
    }

    /// <summary>The place of a peer's record, or -1; and how many records of the topic the host and its /24 have.</summary>
    private int Find(Topic topic, in Key256 publicKey, uint host, out SourceShare share)
    {
        share = default;
        for (int i = 0; i < topic.Count; i++)
        {
            int place = topic.Places[i];
            ref Record record = ref _records[place];
            if (record.Peer.PublicKey == publicKey)
            {
                return place;
            }

            share.OfHost += record.Host == host ? 1 : 0;
            share.OfPrefix += record.Host >> 8 == host >> 8 ? 1 : 0;
        }

        return -1;
    }

    private void Renew(int place, Instant now)
    {
        _records[place].Expires = now + _limits.RecordLifetime;
        _records.MoveToEnd(place);
    }

    private void Remove(int place)
    {
        ref Record record = ref _records[place];
        Topic topic = _topics[record.Topic];
        int moved = topic.RemoveAt(record.Position);
        _records[moved].Position = record.Position;
        if (topic.Count == 0)
        {
            _topics.Remove(record.Topic);
        }

        _sources.Remove(record.Host);
        _records.Remove(place);
    }

    /// <summary>Brings random records of a topic to its front, as many as an answer may name and the room holds.</summary>
    private int Pick(Topic topic, ref int room)
    {
        int most = Math.Min(LookupAnswer.MaxPeers, topic.Count);
        int drawn = Fits(topic, room) ? 0 : most;
        for (int i = 0; i < drawn; i++)
        {
            int other = i + _chance.Next(topic.Count - i);
            topic.Swap(i, other);
            _records[topic.Places[other]].Position = other;
            _records[topic.Places[i]].Position = i;
        }

        int picked = 0;
        while (picked < most && _records[topic.Places[picked]].Peer.Length <= room)
        {
            room -= _records[topic.Places[picked]].Peer.Length;
            picked++;
        }

        return picked;
    }

    // Where all are told none needs to be drawn: chance costs more than the rest of the answer.
    private bool Fits(Topic topic, int room)
    {
        if (topic.Count > LookupAnswer.MaxPeers)
        {
            return false;
        }

        for (int i = 0; i < topic.Count; i++)
        {
            room -= _records[topic.Places[i]].Peer.Length;
        }

        return room >= 0;
    }

    private struct SourceShare
    {
        public int OfHost;
        public int OfPrefix;
    }

    private struct Record
    {
        public Key256 Topic;
        public KeptPeer Peer;
        public Instant Expires;
        public uint Host;

        /// <summary>Where its place stands in the topic.</summary>
        public int Position;
    }

    /// <summary>The places of a topic's records, in no order.</summary>
    private sealed class Topic
    {
        public int[] Places { get; private set; } = new int[1];

        public int Count { get; private set; }

        public long Bump { get; set; }

        public void Add(int place)
        {
            if (Count == Places.Length)
            {
                int[] places = Places;
                Array.Resize(ref places, 2 * Count);
                Places = places;
            }

            Places[Count++] = place;
        }

        public void Swap(int left, int right) => (Places[left], Places[right]) = (Places[right], Places[left]);

        /// <summary>Removes the place at a position, and puts the last one there.</summary>
        /// <returns>The place that stands there now, or the removed one if it was the last.</returns>
        public int RemoveAt(int position)
        {
            Places[position] = Places[--Count];
            return Places[position];
        }
    }
}
