using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>The peers that a query heard of, nearest first, and how each of them stands. Bounded: the farthest unasked make room.</summary>
internal sealed class HeardPeers(Key256 target, int capacity)
{
    private readonly List<HeardPeer> _peers = [];
    private readonly Dictionary<PeerId, HeardPeer> _byId = [];

    public IReadOnlyList<HeardPeer> All => _peers;

    public HeardPeer? Find(PeerId id) => _byId.GetValueOrDefault(id);

    /// <summary>Adds a peer; false when it is known, or too far for the room there is.</summary>
    public bool Add(in PeerContact contact)
    {
        Key256 distance = contact.Key ^ target;
        if (_byId.ContainsKey(contact.Id) || (_peers.Count >= capacity && !MakeRoom(distance)))
        {
            return false;
        }

        int place = _peers.Count;
        while (place > 0 && distance < _peers[place - 1].Distance)
        {
            place--;
        }

        HeardPeer peer = new(contact, distance);
        _peers.Insert(place, peer);
        _byId.Add(contact.Id, peer);
        return true;
    }

    /// <summary>The nearest so many that did not fail.</summary>
    public IEnumerable<HeardPeer> Nearest(int count) => _peers.Where(peer => peer.State != HeardState.Failed).Take(count);

    private bool MakeRoom(Key256 nearer)
    {
        int farthest = _peers.FindLastIndex(peer => peer.State == HeardState.Heard);
        if (farthest < 0 || _peers[farthest].Distance <= nearer)
        {
            return false;
        }

        _byId.Remove(_peers[farthest].Contact.Id);
        _peers.RemoveAt(farthest);
        return true;
    }
}
