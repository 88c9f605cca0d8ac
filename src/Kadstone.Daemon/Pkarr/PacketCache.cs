namespace Kadstone.Daemon.Pkarr;

/// <summary>The newest packets that were seen, by key; beyond its size the least recently used goes. It never goes back to an older one.</summary>
internal sealed class PacketCache(int size)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PkarrKey, LinkedListNode<SeenPacket>> _byKey = [];
    private readonly LinkedList<SeenPacket> _byUse = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byKey.Count;
            }
        }
    }

    public SeenPacket? Find(PkarrKey key)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out LinkedListNode<SeenPacket>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <summary>Takes a packet that was just seen. The same again is seen anew; an older one is not.</summary>
    public void Offer(PkarrPacket packet, DateTimeOffset seenAt)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(packet.Key, out LinkedListNode<SeenPacket>? node))
            {
                int order = packet.CompareTo(node.Value.Packet);
                node.Value = order > 0 ? new SeenPacket(packet, seenAt)
                    : order == 0 && seenAt > node.Value.SeenAt ? node.Value with { SeenAt = seenAt }
                    : node.Value;
                _byUse.Remove(node);
            }
            else
            {
                node = new LinkedListNode<SeenPacket>(new SeenPacket(packet, seenAt));
                _byKey.Add(packet.Key, node);
            }

            _byUse.AddFirst(node);
            if (_byKey.Count > size && _byUse.Last is { } oldest)
            {
                _byUse.RemoveLast();
                _byKey.Remove(oldest.Value.Packet.Key);
            }
        }
    }
}

/// <summary>A packet, and when it was last seen to be what stands in the DHT. Its age counts from then, never from what its author's clock said.</summary>
internal sealed record SeenPacket(PkarrPacket Packet, DateTimeOffset SeenAt);
