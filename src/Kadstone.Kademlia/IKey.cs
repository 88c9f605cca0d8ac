using System.Numerics;

namespace Kadstone.Kademlia;

/// <summary>A point of a keyspace: an unsigned big-endian number of fixed width, with XOR as the distance.</summary>
/// <typeparam name="TSelf">The key type itself.</typeparam>
/// <remarks>Maymounkov and Mazières, "Kademlia", section 2.1.</remarks>
public interface IKey<TSelf> : IEquatable<TSelf>, IComparable<TSelf>, IComparisonOperators<TSelf, TSelf, bool>
    where TSelf : struct, IKey<TSelf>
{
    /// <summary>The width in bytes: 20 or 32.</summary>
    static abstract int ByteLength { get; }

    /// <summary>Reads a key from its first <see cref="ByteLength"/> bytes, most significant first.</summary>
    /// <exception cref="ArgumentException">Fewer bytes than a key has.</exception>
    static abstract TSelf Read(ReadOnlySpan<byte> bytes);

    /// <summary>The XOR distance of two keys.</summary>
    static abstract TSelf operator ^(TSelf left, TSelf right);

    /// <summary>How many leading bits are zero: of a distance, the length of the common prefix.</summary>
    int LeadingZeroCount { get; }

    /// <summary>Bit <paramref name="index"/>, counted from the most significant one.</summary>
    bool this[int index] { get; }

    /// <summary>Writes the key, most significant byte first.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than a key.</exception>
    void Write(Span<byte> destination);
}
