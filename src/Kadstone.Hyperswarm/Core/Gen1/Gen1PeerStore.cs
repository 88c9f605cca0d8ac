using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>Who announced itself under which key. Soft state: an entry lives 6.5 minutes after its last announce, and everything is bounded.</summary>
/// <remarks>hyperdht 1.3.0, store.js: 6.1 minutes and 65,536 entries; who announces is asked to come again every 4 to 5 minutes.</remarks>
internal sealed class Gen1PeerStore(Random chance)
{
    /// <summary>6.5 minutes.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(390);

    /// <summary>The most entries. When full the oldest makes room.</summary>
    internal const int MaxPeers = 65_536;

    /// <summary>The most entries of a key: six times what an answer holds. When full the oldest of it makes room.</summary>
    internal const int MaxPerTopic = 1_000;

    /// <summary>The most entries of a host. What is over it is refused.</summary>
    internal const int MaxPerHost = 1_000;

    private readonly Dictionary<Key256, List<Entry>> _topics = [];
    private readonly Dictionary<(Key256 Topic, UdpEndpoint Peer), Entry> _entries = [];
    private readonly Dictionary<ulong, int> _hosts = [];
    private readonly LinkedList<Entry> _byAge = new();

    /// <summary>All entries.</summary>
    internal int Count => _entries.Count;

    internal int Topics => _topics.Count;

    /// <summary>Entries that had to make room, or found none.</summary>
    internal long Full { get; private set; }

    internal Instant NextDeadline => _byAge.First?.Value.ExpiresAt ?? Instant.Never;

    /// <summary>Lists a peer, or renews it.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="peer">Where it is to be found.</param>
    /// <param name="localAddress">Its address in its own network; null, or one of port 0, for none.</param>
    /// <param name="now">The present moment.</param>
    internal void Put(Key256 topic, UdpEndpoint peer, UdpEndpoint? localAddress, Instant now)
    {
        UdpEndpoint? local = localAddress is { Port: > 0 } ? localAddress : null;
        if (_entries.TryGetValue((topic, peer), out Entry? known))
        {
            known.Local = local;
            known.ExpiresAt = now + Lifetime;
            _byAge.Remove(known.Age);
            _byAge.AddLast(known.Age);
            return;
        }

        if (_hosts.GetValueOrDefault(peer.Host) >= MaxPerHost)
        {
            Full++;
            return;
        }

        if (_topics.TryGetValue(topic, out List<Entry>? list) && list.Count >= MaxPerTopic)
        {
            Full++;
            Remove(Oldest(list));
        }
        else if (_entries.Count >= MaxPeers && _byAge.First is { } oldest)
        {
            Full++;
            Remove(oldest.Value);
        }

        Add(new Entry(topic, peer) { Local = local, ExpiresAt = now + Lifetime });
    }

    /// <summary>Lists a peer no more.</summary>
    internal void Remove(Key256 topic, UdpEndpoint peer)
    {
        if (_entries.TryGetValue((topic, peer), out Entry? entry))
        {
            Remove(entry);
        }
    }

    internal void Expire(Instant now)
    {
        while (_byAge.First is { } oldest && oldest.Value.ExpiresAt <= now)
        {
            Remove(oldest.Value);
        }
    }

    /// <summary>Copies a random pick of a key's peers, the asker left out.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="asker">The asker as it would be listed.</param>
    /// <param name="localAddress">The asker's address in its own network: local addresses of the same first two octets are told to it.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="peers">Entries of 6 bytes.</param>
    /// <param name="localPeers">Entries of 4 bytes: without the two octets that both know.</param>
    /// <param name="most">The most bytes of both together.</param>
    /// <returns>The bytes of each.</returns>
    internal (int Peers, int LocalPeers) Copy(Key256 topic, UdpEndpoint asker, UdpEndpoint? localAddress, Instant now, Span<byte> peers, Span<byte> localPeers, int most)
    {
        if (!_topics.TryGetValue(topic, out List<Entry>? list))
        {
            return (0, 0);
        }

        int length = 0, localLength = 0;
        for (int i = 0; i < list.Count; i++)
        {
            int other = chance.Next(i, list.Count);
            (list[i], list[other]) = (list[other], list[i]);
            (list[i].Place, list[other].Place) = (i, other);
            Entry entry = list[i];
            if (entry.Peer == asker || entry.ExpiresAt <= now)
            {
                continue;
            }

            bool isNear = localAddress is UdpEndpoint ours && entry.Local is UdpEndpoint near && near != ours && near.AddressLow >> 16 == ours.AddressLow >> 16;
            if (length + localLength + Gen1PeersResponse.PeerLength + (isNear ? Gen1PeersResponse.LocalPeerLength : 0) > most)
            {
                break;
            }

            length += entry.Peer.WriteCompact(peers[length..]);
            if (isNear && entry.Local is UdpEndpoint local)
            {
                BinaryPrimitives.WriteUInt16BigEndian(localPeers[localLength..], (ushort)local.AddressLow);
                BinaryPrimitives.WriteUInt16BigEndian(localPeers[(localLength + 2)..], local.Port);
                localLength += Gen1PeersResponse.LocalPeerLength;
            }
        }

        return (length, localLength);
    }

    private static Entry Oldest(List<Entry> list)
    {
        Entry oldest = list[0];
        foreach (Entry entry in list)
        {
            oldest = entry.ExpiresAt < oldest.ExpiresAt ? entry : oldest;
        }

        return oldest;
    }

    private void Add(Entry entry)
    {
        if (!_topics.TryGetValue(entry.Topic, out List<Entry>? list))
        {
            _topics[entry.Topic] = list = [];
        }

        entry.Place = list.Count;
        list.Add(entry);
        _entries[(entry.Topic, entry.Peer)] = entry;
        _hosts[entry.Peer.Host] = _hosts.GetValueOrDefault(entry.Peer.Host) + 1;
        _byAge.AddLast(entry.Age);
    }

    private void Remove(Entry entry)
    {
        List<Entry> list = _topics[entry.Topic];
        list[entry.Place] = list[^1];
        list[entry.Place].Place = entry.Place;
        list.RemoveAt(list.Count - 1);
        if (list.Count == 0)
        {
            _topics.Remove(entry.Topic);
        }

        _entries.Remove((entry.Topic, entry.Peer));
        _byAge.Remove(entry.Age);
        if (--_hosts[entry.Peer.Host] == 0)
        {
            _hosts.Remove(entry.Peer.Host);
        }
    }

    private sealed class Entry
    {
        internal Entry(Key256 topic, UdpEndpoint peer)
        {
            Topic = topic;
            Peer = peer;
            Age = new LinkedListNode<Entry>(this);
        }

        internal Key256 Topic { get; }

        internal UdpEndpoint Peer { get; }

        internal LinkedListNode<Entry> Age { get; }

        internal UdpEndpoint? Local { get; set; }

        internal Instant ExpiresAt { get; set; }

        /// <summary>Where it stands in the list of its key.</summary>
        internal int Place { get; set; }
    }
}
