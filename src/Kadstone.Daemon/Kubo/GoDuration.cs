using System.Buffers;
using System.Globalization;

namespace Kadstone.Daemon.Kubo;

/// <summary>Durations as Go writes them: <c>1ms</c>, <c>1.5s</c>, <c>1h30m</c>. A bare number is seconds, as the clients of old sent it.</summary>
internal static class GoDuration
{
    private static readonly (string Unit, double Ticks)[] s_units =
    [
        ("ns", 0.01), ("us", 10), ("µs", 10), ("μs", 10), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");

    // Ten years: beyond it nobody waits, and sums cannot overflow.
    private static readonly double s_most = TimeSpan.FromDays(3650).Ticks;

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        ReadOnlySpan<char> rest = text;
        if (rest.Length is 0 or > 64)
        {
            return false;
        }

        double ticks = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(s_number);
            ReadOnlySpan<char> number = digits < 0 ? rest : rest[..digits];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            {
                return false;
            }

            rest = rest[number.Length..];
            if (!TryTakeUnit(ref rest, isAlone: number.Length == text.Length, out double unit))
            {
                return false;
            }

            ticks += value * unit;
        }

        duration = TimeSpan.FromTicks((long)Math.Ceiling(Math.Min(ticks, s_most)));
        return true;
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, bool isAlone, out double ticks)
    {
        int length = rest.IndexOfAny(s_number);
        ReadOnlySpan<char> name = length < 0 ? rest : rest[..length];
        foreach ((string unit, double inTicks) in s_units)
        {
            if (name.SequenceEqual(unit))
            {
                rest = rest[name.Length..];
                ticks = inTicks;
                return true;
            }
        }

        ticks = TimeSpan.TicksPerSecond;
        return isAlone;
    }
}
