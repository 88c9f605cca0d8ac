namespace Kadstone.Hyperswarm;

/// <summary>Peers as they stand in a packet, read as they are asked for; all of them can be.</summary>
internal readonly ref struct HyperPeers
{
    private HyperPeers(int count, ReadOnlySpan<byte> encoded)
    {
        Count = count;
        Encoded = encoded;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The bytes of all, one after the other.</summary>
    public ReadOnlySpan<byte> Encoded { get; }

    /// <summary>Walks the peers in the order of the packet.</summary>
    public Enumerator GetEnumerator() => new(Encoded);

    /// <summary>Reads an array of peers.</summary>
    internal static bool TryRead(scoped ref CompactReader reader, out HyperPeers peers)
    {
        peers = default;
        if (!reader.TryReadCount(HyperPeer.MinLength, out int count))
        {
            return false;
        }

        ReadOnlySpan<byte> start = reader.Rest;
        for (int i = 0; i < count; i++)
        {
            if (!HyperPeer.TryRead(ref reader, out _))
            {
                return false;
            }
        }

        peers = new HyperPeers(count, start[..(start.Length - reader.Rest.Length)]);
        return true;
    }

    /// <summary>Walks the peers.</summary>
    internal ref struct Enumerator
    {
        private CompactReader _reader;
        private HyperPeer _current;

        internal Enumerator(ReadOnlySpan<byte> encoded) => _reader = new CompactReader(encoded);

        /// <summary>The present peer.</summary>
        public readonly HyperPeer Current => _current;

        /// <summary>Steps to the next peer.</summary>
        public bool MoveNext() => !_reader.AtEnd && HyperPeer.TryRead(ref _reader, out _current);
    }
}
