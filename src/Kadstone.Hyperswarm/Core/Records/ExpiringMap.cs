using System.Runtime.CompilerServices;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Values by key, all of one lifetime: bounded, and expired without a scan, since what was written last stands last.</summary>
/// <remarks>Full, it refuses the new and keeps the old, unless it is told otherwise. Allocates only when it grows.</remarks>
/// <param name="capacity">The most values.</param>
/// <param name="lifetime">How long one lives after it was written.</param>
/// <param name="comparer">How keys are hashed.</param>
internal sealed class ExpiringMap<TValue>(int capacity, TimeSpan lifetime, SecretKeyComparer comparer)
    where TValue : struct
{
    private readonly Dictionary<Key256, int> _index = new(comparer);
    private readonly TimeList<Entry> _entries = new(capacity);

    /// <summary>Called for each value that leaves, for whatever reason. It must not call the map.</summary>
    public Action<Key256, TValue>? Left { get; init; }

    /// <summary>Whether the oldest makes room when it is full, as in a cache. Default false.</summary>
    public bool MakesRoom { get; init; }

    public int Count => _entries.Count;

    public Instant NextDeadline => _entries.IsEmpty ? Instant.Never : _entries[_entries.First].Expires;

    /// <summary>The value of a key, or a null reference. Valid until the map is written.</summary>
    public ref TValue Find(in Key256 key, Instant now)
    {
        if (!_index.TryGetValue(key, out int place) || _entries[place].Expires <= now)
        {
            return ref Unsafe.NullRef<TValue>();
        }

        return ref _entries[place].Value;
    }

    /// <summary>Writes a value, and begins its life anew.</summary>
    /// <returns>False when the map is full and the key is new.</returns>
    public bool Put(in Key256 key, in TValue value, Instant now)
    {
        Expire(now);
        if (_index.TryGetValue(key, out int place))
        {
            Left?.Invoke(key, _entries[place].Value);
            _entries.MoveToEnd(place);
        }
        else if (TryAdd(out place))
        {
            _index.Add(key, place);
        }
        else
        {
            return false;
        }

        _entries[place] = new Entry { Key = key, Value = value, Expires = now + lifetime };
        return true;
    }

    public bool Remove(in Key256 key)
    {
        if (!_index.Remove(key, out int place))
        {
            return false;
        }

        TValue value = _entries[place].Value;
        _entries.Remove(place);
        Left?.Invoke(key, value);
        return true;
    }

    /// <summary>Removes what has expired.</summary>
    /// <returns>How many.</returns>
    public int Expire(Instant now)
    {
        int expired = 0;
        while (NextDeadline <= now)
        {
            Remove(_entries[_entries.First].Key);
            expired++;
        }

        return expired;
    }

    private bool TryAdd(out int place)
    {
        if (_entries.TryAdd(out place))
        {
            return true;
        }

        return MakesRoom && Remove(_entries[_entries.First].Key) && _entries.TryAdd(out place);
    }

    private struct Entry
    {
        public Key256 Key;
        public TValue Value;
        public Instant Expires;
    }
}
