using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>The peers that a query heard of, nearest first, and how each of them stands. Bounded: the farthest unasked make room.</summary>
internal sealed class HeardPeers(Key256 target, int capacity, int mostOfGroup)
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

    /// <summary>The nearest so many of a kind, and beyond them the next until there are so many of which no network has more than its part.</summary>
    /// <remarks>Who has one network cannot be all of the closest, and whoever else looks for the nearest alone still meets us there.</remarks>
    public IEnumerable<HeardPeer> Nearest(int count, Func<HeardPeer, bool> which)
    {
        Dictionary<ulong, int> groups = [];
        int rank = 0;
        int diverse = 0;
        foreach (HeardPeer peer in _peers.Where(which))
        {
            int inGroup = groups[peer.Contact.Prefix] = groups.GetValueOrDefault(peer.Contact.Prefix) + 1;
            if (rank++ < count || inGroup <= mostOfGroup)
            {
                yield return peer;
            }

            diverse += inGroup <= mostOfGroup ? 1 : 0;
            if (diverse == count)
            {
                yield break;
            }
        }
    }

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
