using System.Globalization;

namespace Kadstone.Ipfs.Wire;

/// <summary>A time of RFC 3339, to the nanosecond.</summary>
/// <param name="Seconds">Since 1970, UTC.</param>
/// <param name="Nanoseconds">0 to 999,999,999.</param>
internal readonly record struct Rfc3339Time(long Seconds, int Nanoseconds) : IComparable<Rfc3339Time>
{
    /// <summary>35: the longest text that is read.</summary>
    public const int MaxTextLength = 35;

    private const int PlainLength = 19;
    private const int NanosecondsPerTick = 100;

    public static Rfc3339Time From(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        (long seconds, long rest) = (Math.DivRem(ticks, TimeSpan.TicksPerSecond).Quotient, ticks % TimeSpan.TicksPerSecond);
        return rest < 0 ? new Rfc3339Time(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * NanosecondsPerTick) : new Rfc3339Time(seconds, (int)rest * NanosecondsPerTick);
    }

    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanoseconds / NanosecondsPerTick);

    public int CompareTo(Rfc3339Time other) => Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>With nine digits of the second, and Z.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(Seconds):yyyy-MM-dd'T'HH:mm:ss}.{Nanoseconds:D9}Z");

    /// <summary>Reads a text with up to nine digits of the second, and Z or an offset.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Rfc3339Time time)
    {
        time = default;
        if (text.Length is <= PlainLength or > MaxTextLength || !TryReadPlain(text[..PlainLength], out DateTime plain))
        {
            return false;
        }

        text = text[PlainLength..];
        int nanoseconds = 0;
        if (text[0] == '.')
        {
            int digits = text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is < 1 or > 9)
            {
                return false;
            }

            for (int i = 1; i <= 9; i++)
            {
                nanoseconds = (nanoseconds * 10) + (i <= digits ? text[i] - '0' : 0);
            }

            text = text[(1 + digits)..];
        }

        if (!TryReadOffset(text, out int minutes))
        {
            return false;
        }

        long seconds = (plain.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        time = new Rfc3339Time(seconds - (minutes * 60), nanoseconds);

        // Beyond the years 1 to 9999 there is no text.
        return time.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && time.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
    }

    private static bool TryReadPlain(ReadOnlySpan<byte> text, out DateTime plain)
    {
        Span<char> chars = stackalloc char[PlainLength];
        for (int i = 0; i < PlainLength; i++)
        {
            chars[i] = (char)text[i];
        }

        return DateTime.TryParseExact(chars, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out plain);
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z'])
        {
            return true;
        }

        if (text is not [(byte)'+' or (byte)'-', _, _, (byte)':', _, _] || !TryReadTwo(text[1..], out int hour) || !TryReadTwo(text[4..], out int minute) || hour > 23 || minute > 59)
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryReadTwo(ReadOnlySpan<byte> text, out int value)
    {
        value = ((text[0] - '0') * 10) + text[1] - '0';
        return text[0] is >= (byte)'0' and <= (byte)'9' && text[1] is >= (byte)'0' and <= (byte)'9';
    }
}
