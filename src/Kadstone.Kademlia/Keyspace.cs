namespace Kadstone.Kademlia;

/// <summary>Random keys of a keyspace, from chance that is handed in.</summary>
public static class Keyspace
{
    /// <summary>A key drawn evenly from the whole keyspace.</summary>
    public static TKey Random<TKey>(Random chance)
        where TKey : struct, IKey<TKey>
    {
        ArgumentNullException.ThrowIfNull(chance);
        Span<byte> bytes = stackalloc byte[TKey.ByteLength];
        chance.NextBytes(bytes);
        return TKey.Read(bytes);
    }

    /// <summary>A key drawn evenly from those that share exactly <paramref name="bucket"/> leading bits with <paramref name="self"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The keyspace has no such bucket.</exception>
    public static TKey RandomInBucket<TKey>(TKey self, int bucket, Random chance)
        where TKey : struct, IKey<TKey>
    {
        ArgumentNullException.ThrowIfNull(chance);
        ArgumentOutOfRangeException.ThrowIfNegative(bucket);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bucket, TKey.ByteLength * 8);
        Span<byte> own = stackalloc byte[TKey.ByteLength];
        Span<byte> bytes = stackalloc byte[TKey.ByteLength];
        self.Write(own);
        chance.NextBytes(bytes);

        int whole = bucket / 8;
        int differing = 0x80 >> (bucket % 8);
        own[..whole].CopyTo(bytes);
        int random = bytes[whole] & (differing - 1);
        int shared = own[whole] & ~(differing - 1);
        bytes[whole] = (byte)(random | (shared ^ differing));
        return TKey.Read(bytes);
    }
}
