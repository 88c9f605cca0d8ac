using System.Buffers.Binary;

namespace Kadstone.Kademlia;

/// <summary>A point of a 256-bit keyspace: Hyperswarm and IPFS.</summary>
/// <param name="High">The first 16 bytes.</param>
/// <param name="Low">The last 16 bytes.</param>
public readonly record struct Key256(UInt128 High, UInt128 Low) : IKey<Key256>
{
    /// <summary>32.</summary>
    public static int ByteLength => 32;

    /// <inheritdoc/>
    public static Key256 Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 32)
        {
            throw new ArgumentException("A 256-bit key has 32 bytes.", nameof(bytes));
        }

        return new Key256(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));
    }

    /// <inheritdoc/>
    public void Write(Span<byte> destination)
    {
        if (destination.Length < 32)
        {
            throw new ArgumentException("A 256-bit key has 32 bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt128BigEndian(destination, High);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], Low);
    }

    /// <inheritdoc/>
    public int LeadingZeroCount =>
        High != 0 ? (int)UInt128.LeadingZeroCount(High) : 128 + (int)UInt128.LeadingZeroCount(Low);

    /// <inheritdoc/>
    public bool this[int index] => index < 128
        ? (High >> (127 - index) & 1) != 0
        : (Low >> (255 - index) & 1) != 0;

    /// <inheritdoc/>
    public int CompareTo(Key256 other)
    {
        int high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <inheritdoc/>
    public static Key256 operator ^(Key256 left, Key256 right) => new(left.High ^ right.High, left.Low ^ right.Low);

    /// <inheritdoc/>
    public static bool operator <(Key256 left, Key256 right) =>
        left.High != right.High ? left.High < right.High : left.Low < right.Low;

    /// <inheritdoc/>
    public static bool operator >(Key256 left, Key256 right) => right < left;

    /// <inheritdoc/>
    public static bool operator <=(Key256 left, Key256 right) => !(right < left);

    /// <inheritdoc/>
    public static bool operator >=(Key256 left, Key256 right) => !(left < right);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[32];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
