using System.Globalization;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>A second reader, by recursion and as plain as can be, to hold the fast one against.</summary>
internal static class PlainBencode
{
    /// <summary>The position after the value at <paramref name="at"/>, or -1.</summary>
    public static int Skip(ReadOnlySpan<byte> bytes, int at, int depth) => Walk(bytes, at, depth, strict: false);

    /// <summary>The same, -1 also if the value is not in canonical form.</summary>
    public static int SkipCanonical(ReadOnlySpan<byte> bytes, int at, int depth) => Walk(bytes, at, depth, strict: true);

    private static int Walk(ReadOnlySpan<byte> bytes, int at, int depth, bool strict)
    {
        if (at >= bytes.Length)
        {
            return -1;
        }

        return bytes[at] switch
        {
            (byte)'i' => Integer(bytes, at, strict),
            (byte)'l' => depth == Bencode.MaxDepth ? -1 : List(bytes, at + 1, depth + 1, strict),
            (byte)'d' => depth == Bencode.MaxDepth ? -1 : Dictionary(bytes, at + 1, depth + 1, strict),
            _ => Text(bytes, at, strict, out _),
        };
    }

    private static int List(ReadOnlySpan<byte> bytes, int at, int depth, bool strict)
    {
        while (at >= 0 && at < bytes.Length && bytes[at] != 'e')
        {
            at = Walk(bytes, at, depth, strict);
        }

        return at >= 0 && at < bytes.Length ? at + 1 : -1;
    }

    private static int Dictionary(ReadOnlySpan<byte> bytes, int at, int depth, bool strict)
    {
        ReadOnlySpan<byte> last = default;
        bool first = true;
        while (at >= 0 && at < bytes.Length && bytes[at] != 'e')
        {
            at = Text(bytes, at, strict, out ReadOnlySpan<byte> key);
            if (at < 0 || (strict && !first && key.SequenceCompareTo(last) <= 0))
            {
                return -1;
            }

            last = key;
            first = false;
            at = Walk(bytes, at, depth, strict);
        }

        return at >= 0 && at < bytes.Length ? at + 1 : -1;
    }

    private static int Integer(ReadOnlySpan<byte> bytes, int at, bool strict)
    {
        int end = bytes[at..].IndexOf((byte)'e');
        if (end < 0)
        {
            return -1;
        }

        ReadOnlySpan<byte> text = bytes.Slice(at + 1, end - 1);
        bool negative = text.Length > 0 && text[0] == '-';
        ReadOnlySpan<byte> digits = negative ? text[1..] : text;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return -1;
        }

        bool plain = digits[0] != '0' || (digits.Length == 1 && !negative);
        ReadOnlySpan<byte> significant = digits.TrimStart((byte)'0');
        bool fits = significant.IsEmpty || (significant.Length <= 20 && UInt128.TryParse(significant, NumberStyles.None, CultureInfo.InvariantCulture, out UInt128 magnitude) && magnitude <= ulong.MaxValue);
        return fits && (plain || !strict) ? at + end + 1 : -1;
    }

    private static int Text(ReadOnlySpan<byte> bytes, int at, bool strict, out ReadOnlySpan<byte> value)
    {
        value = default;
        int digits = bytes[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits <= 0 || bytes[at + digits] != ':')
        {
            return -1;
        }

        ReadOnlySpan<byte> significant = bytes.Slice(at, digits).TrimStart((byte)'0');
        int start = at + digits + 1;
        bool plain = digits == Math.Max(significant.Length, 1);
        int length = 0;
        if (significant.Length > 9 || (!significant.IsEmpty && !int.TryParse(significant, NumberStyles.None, CultureInfo.InvariantCulture, out length)))
        {
            return -1;
        }

        if (length > bytes.Length - start || (strict && !plain))
        {
            return -1;
        }

        value = bytes.Slice(start, length);
        return start + length;
    }
}
