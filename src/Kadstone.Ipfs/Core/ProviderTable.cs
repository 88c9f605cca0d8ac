using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>Who provides what, as the providers told us. Soft state: bounded, and forgotten 48 hours after it was last told.</summary>
/// <remarks>
/// Addresses are believed for a day, the record itself for two. A full table refuses the new, for those that stand there are told
/// again; no peer gets more than its part of the room, and no key more than its own.
/// </remarks>
internal sealed class ProviderTable(ProviderLimits limits)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(48);
    public static readonly TimeSpan AddressLifetime = TimeSpan.FromHours(24);

    private readonly Dictionary<ContentKey, List<Entry>> _byKey = [];
    private readonly Dictionary<PeerId, int> _byPeer = [];

    // In the order of telling: what is told again leaves its old place stale.
    private readonly Queue<(ContentKey Key, PeerId Peer, Instant Told)> _byAge = new();

    public int Count { get; private set; }

    public int Keys => _byKey.Count;

    /// <summary>Notes a provider, or that it told again.</summary>
    /// <returns>False when there is no room.</returns>
    public bool Add(ReadOnlyMemory<byte> multihash, PeerId peer, IReadOnlyList<Multiaddr> addresses, Instant now)
    {
        Expire(now);
        ContentKey key = new(multihash);
        _byKey.TryGetValue(key, out List<Entry>? entries);
        int known = entries?.FindIndex(entry => entry.Peer == peer) ?? -1;
        if (entries is not null && known >= 0)
        {
            IReadOnlyList<Multiaddr> kept = addresses.Count > 0 ? addresses : entries[known].Addresses;
            entries[known] = new Entry(peer, kept, now);
            Remember(key, peer, now);
            return true;
        }

        if (Count >= limits.Total || entries?.Count >= limits.PerKey || _byPeer.GetValueOrDefault(peer) >= limits.PerPeer)
        {
            return false;
        }

        if (entries is null)
        {
            key = key.Copy();
            _byKey.Add(key, entries = []);
        }

        entries.Add(new Entry(peer, addresses, now));
        _byPeer[peer] = _byPeer.GetValueOrDefault(peer) + 1;
        Count++;
        Remember(key, peer, now);
        return true;
    }

    /// <summary>The providers of a key, those that told last first; without addresses where those are older than a day.</summary>
    public IEnumerable<PeerInfo> Find(ReadOnlyMemory<byte> multihash, Instant now)
    {
        if (!_byKey.TryGetValue(new ContentKey(multihash), out List<Entry>? entries))
        {
            return [];
        }

        return from entry in entries
               where now - entry.Told < Lifetime
               orderby entry.Told descending
               select new PeerInfo(entry.Peer, now - entry.Told < AddressLifetime ? entry.Addresses : []);
    }

    /// <summary>Forgets a provider of a key.</summary>
    public bool Remove(ReadOnlyMemory<byte> multihash, PeerId peer)
    {
        ContentKey key = new(multihash);
        return _byKey.TryGetValue(key, out List<Entry>? entries) && entries.FindIndex(entry => entry.Peer == peer) is int index and >= 0 && RemoveAt(key, entries, index);
    }

    /// <summary>Forgets what is too old.</summary>
    public void Expire(Instant now)
    {
        while (_byAge.TryPeek(out (ContentKey Key, PeerId Peer, Instant Told) oldest) && now - oldest.Told >= Lifetime)
        {
            _byAge.Dequeue();
            if (_byKey.TryGetValue(oldest.Key, out List<Entry>? entries) && entries.FindIndex(entry => entry.Peer == oldest.Peer && entry.Told == oldest.Told) is int index and >= 0)
            {
                RemoveAt(oldest.Key, entries, index);
            }
        }
    }

    // Who tells the same again and again must not grow the queue without bound: then it is made anew.
    private void Remember(ContentKey key, PeerId peer, Instant now)
    {
        _byAge.Enqueue((key, peer, now));
        if (_byAge.Count <= (2 * Count) + 1024)
        {
            return;
        }

        _byAge.Clear();
        foreach ((ContentKey each, Entry entry) in _byKey.SelectMany(pair => pair.Value.Select(entry => (pair.Key, entry))).OrderBy(pair => pair.entry.Told))
        {
            _byAge.Enqueue((each, entry.Peer, entry.Told));
        }
    }

    private bool RemoveAt(ContentKey key, List<Entry> entries, int index)
    {
        PeerId peer = entries[index].Peer;
        entries.RemoveAt(index);
        if (entries.Count == 0)
        {
            _byKey.Remove(key);
        }

        int left = _byPeer.GetValueOrDefault(peer) - 1;
        if (left > 0)
        {
            _byPeer[peer] = left;
        }
        else
        {
            _byPeer.Remove(peer);
        }

        Count--;
        return true;
    }

    private readonly record struct Entry(PeerId Peer, IReadOnlyList<Multiaddr> Addresses, Instant Told);
}
