namespace Kadstone.Libp2p;

/// <summary>The unsigned varint of multiformats: seven bits a byte, least significant first, in the shortest form and at most nine bytes.</summary>
/// <remarks>multiformats/unsigned-varint. Protobuf's own varint allows ten bytes and long forms: see <see cref="ProtobufReader"/>.</remarks>
public static class Uvarint
{
    /// <summary>9: the bytes of the longest one.</summary>
    public const int MaxLength = 9;

    /// <summary>2^63 - 1: the greatest number that nine bytes hold.</summary>
    public const ulong MaxValue = long.MaxValue;

    /// <summary>How many bytes <paramref name="value"/> takes: 1 to 9.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is above <see cref="MaxValue"/>.</exception>
    public static int Length(ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        int length = 1;
        while (value > 0x7F)
        {
            value >>= 7;
            length++;
        }

        return length;
    }

    /// <summary>Writes <paramref name="value"/> and returns how many bytes that took.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is above <see cref="MaxValue"/>.</exception>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static int Write(Span<byte> destination, ulong value)
    {
        int length = Length(value);
        if (destination.Length < length)
        {
            throw new ArgumentException("The destination is too short for the number.", nameof(destination));
        }

        for (int i = 0; i < length - 1; i++)
        {
            destination[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length - 1] = (byte)value;
        return length;
    }

    /// <summary>Reads a number from the front of <paramref name="source"/>.</summary>
    /// <param name="source">Bytes, of which more may follow.</param>
    /// <param name="value">The number; 0 when there is none.</param>
    /// <param name="length">How many bytes it took; 0 when there is none.</param>
    public static WireProgress Read(ReadOnlySpan<byte> source, out ulong value, out int length)
    {
        ulong number = 0;
        for (int i = 0; i < source.Length && i < MaxLength; i++)
        {
            byte next = source[i];
            number |= (ulong)(next & 0x7F) << (7 * i);
            if (next <= 0x7F)
            {
                // A last byte of zero says nothing: the number has a shorter form.
                bool isMinimal = next != 0 || i == 0;
                value = isMinimal ? number : 0;
                length = isMinimal ? i + 1 : 0;
                return isMinimal ? WireProgress.Complete : WireProgress.Malformed;
            }
        }

        value = 0;
        length = 0;
        return source.Length < MaxLength ? WireProgress.Incomplete : WireProgress.Malformed;
    }

    /// <summary>Takes a number off the front of <paramref name="source"/>; false when no whole one is there.</summary>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> source, out ulong value)
    {
        bool isRead = Read(source, out value, out int length) == WireProgress.Complete;
        source = source[length..];
        return isRead;
    }

    /// <summary>Takes a length and that many bytes off the front of <paramref name="source"/>; false when they are not there.</summary>
    public static bool TryTakeBytes(scoped ref ReadOnlySpan<byte> source, out ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = source;
        if (!TryTake(ref rest, out ulong length) || length > (ulong)rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = rest[..(int)length];
        source = rest[(int)length..];
        return true;
    }
}
