using System.Diagnostics.CodeAnalysis;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Content;

/// <summary>The blocks that were added here, by their multihash: what may be provided. Bounded in bytes; the oldest go first.</summary>
internal sealed class BlockShelf(long capacity)
{
    /// <summary>What a block costs beside its bytes.</summary>
    private const int Overhead = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<(Key Key, byte[] Bytes)>> _blocks = [];
    private readonly LinkedList<(Key Key, byte[] Bytes)> _byAge = new();
    private long _size;

    /// <summary>Keeps a block; one that is there already becomes the youngest.</summary>
    public void Add(Cid cid, byte[] bytes)
    {
        Key key = new(cid.Multihash);
        lock (_lock)
        {
            Remove(key);
            _blocks.Add(key, _byAge.AddLast((key, bytes)));
            _size += bytes.Length + Overhead;
            while (_size > capacity && _byAge.First is { } oldest && oldest.Value.Key != key)
            {
                Remove(oldest.Value.Key);
            }
        }
    }

    /// <summary>Whether a block is here, whichever version of CID names it.</summary>
    public bool Has(Cid cid) => TryGet(cid, out _);

    /// <summary>The bytes of a block.</summary>
    public bool TryGet(Cid cid, [NotNullWhen(true)] out byte[]? bytes)
    {
        lock (_lock)
        {
            bool isHere = _blocks.TryGetValue(new Key(cid.Multihash), out LinkedListNode<(Key Key, byte[] Bytes)>? node);
            bytes = node?.Value.Bytes;
            return isHere;
        }
    }

    private void Remove(Key key)
    {
        if (_blocks.Remove(key, out LinkedListNode<(Key Key, byte[] Bytes)>? node))
        {
            _byAge.Remove(node);
            _size -= node.Value.Bytes.Length + Overhead;
        }
    }

    /// <summary>A multihash with equality by its bytes.</summary>
    private readonly struct Key(ReadOnlyMemory<byte> multihash) : IEquatable<Key>
    {
        private readonly ReadOnlyMemory<byte> _multihash = multihash;

        public static bool operator ==(Key left, Key right) => left.Equals(right);

        public static bool operator !=(Key left, Key right) => !left.Equals(right);

        public bool Equals(Key other) => _multihash.Span.SequenceEqual(other._multihash.Span);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.AddBytes(_multihash.Span);
            return hash.ToHashCode();
        }
    }
}
