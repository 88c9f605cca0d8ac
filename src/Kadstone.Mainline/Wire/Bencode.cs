using System.Buffers.Text;

namespace Kadstone.Mainline;

/// <summary>Bencode, as far as a DHT needs it: the strict check, and writing into a span.</summary>
/// <remarks>BEP 3, "bencoding".</remarks>
internal static class Bencode
{
    /// <summary>How deep lists and dictionaries may be nested.</summary>
    public const int MaxDepth = 32;

    /// <summary>Whether the bytes are exactly one value in its only canonical form: keys sorted and unique, no leading zeros, no -0.</summary>
    /// <remarks>BEP 44 asks for it of a stored <c>v</c>, since its hash or signature is over the bytes. Integers are at most 64 bits.</remarks>
    public static bool IsCanonical(ReadOnlySpan<byte> bytes)
    {
        BencodeReader reader = new(bytes);
        Span<Range> lastKeys = stackalloc Range[MaxDepth + 1];
        int depth = 0;
        ulong dictionaries = 0;
        do
        {
            if (depth > 0)
            {
                if (reader.TryStep((byte)'e'))
                {
                    depth--;
                    dictionaries >>= 1;
                    continue;
                }

                if ((dictionaries & 1) != 0 && !TryReadLaterKey(ref reader, bytes, ref lastKeys[depth]))
                {
                    return false;
                }
            }

            byte next = reader.Next;
            if (next is (byte)'d' or (byte)'l')
            {
                if (++depth > MaxDepth)
                {
                    return false;
                }

                lastKeys[depth] = default;
                dictionaries = dictionaries << 1 | (next == 'd' ? 1UL : 0);
                reader.TryStep(next);
            }
            else if (next == 'i' ? !TryReadCanonicalInteger(ref reader) : !TryReadCanonicalString(ref reader, out _))
            {
                return false;
            }
        }
        while (depth > 0);

        return reader.AtEnd;
    }

    /// <summary>Steps over the one value at the start.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> bytes, out int length)
    {
        BencodeReader reader = new(bytes);
        bool skipped = reader.TrySkip();
        length = skipped ? reader.Position : 0;
        return skipped;
    }

    /// <summary>Writes a byte string.</summary>
    /// <returns>The bytes written; 0 when it does not fit.</returns>
    public static int WriteString(Span<byte> destination, ReadOnlySpan<byte> value)
    {
        if (!Utf8Formatter.TryFormat(value.Length, destination, out int digits) || destination.Length - digits - 1 < value.Length)
        {
            return 0;
        }

        destination[digits] = (byte)':';
        value.CopyTo(destination[(digits + 1)..]);
        return digits + 1 + value.Length;
    }

    /// <summary>Writes an integer.</summary>
    /// <returns>The bytes written; 0 when it does not fit.</returns>
    public static int WriteInteger(Span<byte> destination, long value)
    {
        if (destination.Length < 3 || !Utf8Formatter.TryFormat(value, destination[1..^1], out int digits))
        {
            return 0;
        }

        destination[0] = (byte)'i';
        destination[digits + 1] = (byte)'e';
        return digits + 2;
    }

    // The default range is 0..0, so that the first key, which may be the empty string, is known by its end being 0.
    private static bool TryReadLaterKey(scoped ref BencodeReader reader, ReadOnlySpan<byte> bytes, scoped ref Range lastKey)
    {
        if (!TryReadCanonicalString(ref reader, out ReadOnlySpan<byte> key))
        {
            return false;
        }

        bool later = lastKey.End.Value == 0 || key.SequenceCompareTo(bytes[lastKey]) > 0;
        lastKey = (reader.Position - key.Length)..reader.Position;
        return later;
    }

    // "0:" is the one string whose length may begin with the digit 0.
    private static bool TryReadCanonicalString(scoped ref BencodeReader reader, out ReadOnlySpan<byte> value)
    {
        int start = reader.Position;
        bool zero = reader.Next == '0';
        return reader.TryReadString(out value) && (!zero || reader.Position - start == 2);
    }

    private static bool TryReadCanonicalInteger(scoped ref BencodeReader reader)
    {
        int start = reader.Position;
        if (!reader.TryReadInteger(out long value, out _))
        {
            return false;
        }

        ReadOnlySpan<byte> digits = reader.Since(start)[1..^1];
        return value == 0 ? digits.Length == 1 : digits[value < 0 ? 1 : 0] != '0';
    }
}
