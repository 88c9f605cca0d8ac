using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>Where peers were, as they said of themselves. Bounded; who was not heard of for longest makes room.</summary>
internal sealed class PeerBook(int capacity, TimeSpan lifetime)
{
    private readonly Dictionary<PeerId, LinkedListNode<Entry>> _byPeer = [];
    private readonly LinkedList<Entry> _byAge = new();

    public int Count => _byPeer.Count;

    public void Learn(PeerId peer, IReadOnlyList<Multiaddr> addresses, Instant now)
    {
        if (addresses.Count == 0)
        {
            return;
        }

        Forget(peer);
        if (_byPeer.Count >= capacity && _byAge.First is { } oldest)
        {
            Forget(oldest.Value.Peer);
        }

        _byPeer.Add(peer, _byAge.AddLast(new Entry(peer, addresses, now + lifetime)));
    }

    public IReadOnlyList<Multiaddr> AddressesOf(PeerId peer, Instant now) =>
        _byPeer.TryGetValue(peer, out LinkedListNode<Entry>? node) && node.Value.Until > now ? node.Value.Addresses : [];

    private void Forget(PeerId peer)
    {
        if (_byPeer.Remove(peer, out LinkedListNode<Entry>? node))
        {
            _byAge.Remove(node);
        }
    }

    private readonly record struct Entry(PeerId Peer, IReadOnlyList<Multiaddr> Addresses, Instant Until);
}
