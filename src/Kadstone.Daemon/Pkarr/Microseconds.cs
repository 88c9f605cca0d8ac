namespace Kadstone.Daemon.Pkarr;

/// <summary>pkarr's clock: microseconds since 1970.</summary>
internal static class Microseconds
{
    // The last of the year 9999; neither HTTP nor DateTimeOffset knows a later one.
    private const long Last = 253_402_300_799_999_999;

    public static long Of(DateTimeOffset date) => (date - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset? TryToDate(long microseconds) =>
        microseconds is >= 0 and <= Last ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond) : null;
}
