namespace Kadstone.Mainline;

/// <summary>Walks bencode front to back without recursion and without allocating. Lenient: leading zeros, -0, any order of keys.</summary>
/// <remarks>BEP 3, "bencoding". After a method returned false the reader stands anywhere and <see cref="Why"/> holds the reason.</remarks>
internal ref struct BencodeReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>Why the last read failed.</summary>
    public Malformed Why { get; private set; }

    /// <summary>How many bytes are read.</summary>
    public readonly int Position => _position;

    /// <summary>Whether all is read.</summary>
    public readonly bool AtEnd => _position == _bytes.Length;

    /// <summary>Whether a string comes next.</summary>
    public readonly bool AtString => (uint)Next - '0' <= 9;

    /// <summary>The next byte; 0, which begins nothing, at the end.</summary>
    public readonly byte Next => (uint)_position < (uint)_bytes.Length ? _bytes[_position] : (byte)0;

    /// <summary>Steps over the next byte if it is <paramref name="expected"/>.</summary>
    public bool TryStep(byte expected)
    {
        bool there = Next == expected;
        _position += there ? 1 : 0;
        return there;
    }

    /// <summary>What was read since <paramref name="start"/>.</summary>
    public readonly ReadOnlySpan<byte> Since(int start) => _bytes[start.._position];

    /// <summary>Reads a byte string.</summary>
    public bool TryReadString(out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = _bytes[_position..];
        ulong length = 0;
        for (int at = 0; at < rest.Length; at++)
        {
            uint digit = (uint)rest[at] - '0';
            if (digit <= 9)
            {
                // The bound keeps the sum far from overflow, however many digits follow.
                length = length * 10 + digit;
                if (length > (ulong)rest.Length)
                {
                    break;
                }

                continue;
            }

            int start = at + 1;
            if (rest[at] != ':' || at == 0 || length > (ulong)(rest.Length - start))
            {
                break;
            }

            value = rest.Slice(start, (int)length);
            _position += start + (int)length;
            return true;
        }

        value = default;
        return Fail(Malformed.NotBencode);
    }

    /// <summary>Reads an integer of up to 64 bits and a sign.</summary>
    /// <param name="value">The integer, or the nearest <see cref="long"/>.</param>
    /// <param name="fits">Whether <paramref name="value"/> is the integer itself.</param>
    public bool TryReadInteger(out long value, out bool fits)
    {
        value = 0;
        fits = false;
        if (!TryStep((byte)'i'))
        {
            return Fail(Malformed.NotBencode);
        }

        bool negative = TryStep((byte)'-');
        int digits = _position;
        ulong magnitude = 0;
        for (uint digit; (digit = (uint)Next - '0') <= 9; _position++)
        {
            if (magnitude > (ulong.MaxValue - digit) / 10)
            {
                return Fail(Malformed.NumberTooLarge);
            }

            magnitude = magnitude * 10 + digit;
        }

        if (_position == digits || !TryStep((byte)'e'))
        {
            return Fail(Malformed.NotBencode);
        }

        ulong largest = negative ? 1UL << 63 : long.MaxValue;
        fits = magnitude <= largest;
        ulong bounded = fits ? magnitude : largest;
        value = negative ? unchecked(-(long)bounded) : (long)bounded;
        return true;
    }

    /// <summary>Steps over one value of any kind.</summary>
    public bool TrySkip()
    {
        int depth = 0;
        ulong dictionaries = 0;     // one bit a level, the innermost lowest
        do
        {
            if (depth > 0)
            {
                if (TryStep((byte)'e'))
                {
                    depth--;
                    dictionaries >>= 1;
                    continue;
                }

                if ((dictionaries & 1) != 0 && !TryReadString(out _))
                {
                    return false;
                }
            }

            byte next = Next;
            if (next is (byte)'d' or (byte)'l')
            {
                if (++depth > Bencode.MaxDepth)
                {
                    return Fail(Malformed.TooDeep);
                }

                dictionaries = dictionaries << 1 | (next == 'd' ? 1UL : 0);
                _position++;
            }
            else if (next == 'i' ? !TryReadInteger(out _, out _) : !TryReadString(out _))
            {
                return false;
            }
        }
        while (depth > 0);

        return true;
    }

    private bool Fail(Malformed why)
    {
        Why = why;
        return false;
    }
}
