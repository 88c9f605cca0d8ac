using System.Diagnostics;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>Blocks of one capacity, a power of two: many small ones share an array, a large one is an array of its own.</summary>
internal sealed class BlockPool<TEntry>(int capacity)
    where TEntry : struct
{
    /// <summary>Longer blocks carry a hash table; up to here looking at every entry is as fast.</summary>
    public const int LongestWithoutBuckets = 16;

    private const int EntriesPerChunk = 256;

    private readonly int _blocksPerChunk = Math.Max(1, EntriesPerChunk / capacity);
    private readonly Stack<int> _free = new();
    private TEntry[]?[] _chunks = [];
    private ushort[]?[] _buckets = [];
    private int _chunkCount;
    private int _rented;

    public Span<TEntry> Entries(int block) =>
        _chunks[block / _blocksPerChunk].AsSpan(block % _blocksPerChunk * capacity, capacity);

    /// <summary>As many buckets as entries: each holds the number of its first entry, counted from 1, or 0.</summary>
    public Span<ushort> Buckets(int block) =>
        capacity <= LongestWithoutBuckets ? [] : _buckets[block / _blocksPerChunk].AsSpan(block % _blocksPerChunk * capacity, capacity);

    public int Rent()
    {
        if (_free.Count == 0)
        {
            Grow();
        }

        int block = _free.Pop();
        _rented++;
        if (_blocksPerChunk == 1 && _chunks[block] is null)
        {
            Allocate(block);
        }
        else
        {
            Buckets(block).Clear();
        }

        return block;
    }

    public void Return(int block)
    {
        Debug.Assert(_rented > 0);
        _rented--;
        _free.Push(block);
        if (_rented == 0)
        {
            _free.Clear();
            _free.TrimExcess();
            (_chunks, _buckets, _chunkCount) = ([], [], 0);
        }
        else if (_blocksPerChunk == 1)
        {
            // A large block goes back to the collector: lists of other lengths have no use for it.
            _chunks[block] = null;
            _buckets[block] = null;
        }
    }

    private void Grow()
    {
        if (_chunkCount == _chunks.Length)
        {
            int length = Math.Max(4, 2 * _chunkCount);
            Array.Resize(ref _chunks, length);
            Array.Resize(ref _buckets, length);
        }

        int chunk = _chunkCount++;
        Allocate(chunk);
        for (int i = _blocksPerChunk - 1; i >= 0; i--)
        {
            _free.Push((chunk * _blocksPerChunk) + i);
        }
    }

    private void Allocate(int chunk)
    {
        _chunks[chunk] = new TEntry[_blocksPerChunk * capacity];
        _buckets[chunk] = capacity <= LongestWithoutBuckets ? null : new ushort[_blocksPerChunk * capacity];
    }
}
