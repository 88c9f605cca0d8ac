using System.Buffers.Binary;
using System.Numerics;

namespace Kadstone.Kademlia;

/// <summary>A point of a 160-bit keyspace: a Mainline node id, infohash or target.</summary>
/// <param name="High">The first 8 bytes.</param>
/// <param name="Middle">The next 8 bytes.</param>
/// <param name="Low">The last 4 bytes.</param>
public readonly record struct Key160(ulong High, ulong Middle, uint Low) : IKey<Key160>
{
    /// <summary>20.</summary>
    public static int ByteLength => 20;

    /// <inheritdoc/>
    public static Key160 Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 20)
        {
            throw new ArgumentException("A 160-bit key has 20 bytes.", nameof(bytes));
        }

        return new Key160(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));
    }

    /// <inheritdoc/>
    public void Write(Span<byte> destination)
    {
        if (destination.Length < 20)
        {
            throw new ArgumentException("A 160-bit key has 20 bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], Low);
    }

    /// <summary>Reads 40 hexadecimal digits of either case.</summary>
    /// <returns>False when the text is not exactly 40 hexadecimal digits.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Key160 key)
    {
        Span<byte> bytes = stackalloc byte[20];
        bool valid = text.Length == 40
            && Convert.FromHexString(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done
            && written == 20;
        key = valid ? Read(bytes) : default;
        return valid;
    }

    /// <summary>The key as 20 bytes of a new array.</summary>
    public byte[] ToByteArray()
    {
        byte[] bytes = new byte[20];
        Write(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int LeadingZeroCount =>
        High != 0 ? BitOperations.LeadingZeroCount(High)
        : Middle != 0 ? 64 + BitOperations.LeadingZeroCount(Middle)
        : 128 + BitOperations.LeadingZeroCount(Low);

    /// <inheritdoc/>
    public bool this[int index] => index switch
    {
        < 64 => (High >> (63 - index) & 1) != 0,
        < 128 => (Middle >> (127 - index) & 1) != 0,
        _ => (Low >> (159 - index) & 1) != 0,
    };

    /// <inheritdoc/>
    public int CompareTo(Key160 other)
    {
        int high = High.CompareTo(other.High);
        if (high != 0)
        {
            return high;
        }

        int middle = Middle.CompareTo(other.Middle);
        return middle != 0 ? middle : Low.CompareTo(other.Low);
    }

    /// <inheritdoc/>
    public static Key160 operator ^(Key160 left, Key160 right) =>
        new(left.High ^ right.High, left.Middle ^ right.Middle, left.Low ^ right.Low);

    /// <inheritdoc/>
    public static bool operator <(Key160 left, Key160 right) =>
        left.High != right.High ? left.High < right.High
        : left.Middle != right.Middle ? left.Middle < right.Middle
        : left.Low < right.Low;

    /// <inheritdoc/>
    public static bool operator >(Key160 left, Key160 right) => right < left;

    /// <inheritdoc/>
    public static bool operator <=(Key160 left, Key160 right) => !(right < left);

    /// <inheritdoc/>
    public static bool operator >=(Key160 left, Key160 right) => !(left < right);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[20];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
