namespace Kadstone.Kademlia;

/// <summary>A moment of the monotonic clock, in ticks of 100 ns since an arbitrary start. Made at the edge only; the core is handed it.</summary>
/// <param name="Ticks">Ticks of 100 ns, as in <see cref="TimeSpan.Ticks"/>.</param>
/// <remarks>Adding saturates: a duration from the network can never overflow a deadline.</remarks>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>The deadline of one who waits for nothing.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <summary>The earlier of two moments.</summary>
    public static Instant Earlier(Instant left, Instant right) => left.Ticks < right.Ticks ? left : right;

    /// <summary>The later of two moments.</summary>
    public static Instant Later(Instant left, Instant right) => left.Ticks > right.Ticks ? left : right;

    /// <summary>A later moment; stays at <see cref="Never"/> instead of overflowing.</summary>
    public static Instant operator +(Instant left, TimeSpan right)
    {
        long sum = unchecked(left.Ticks + right.Ticks);
        bool overflowed = ((left.Ticks ^ sum) & (right.Ticks ^ sum)) < 0;
        return new Instant(!overflowed ? sum : right.Ticks > 0 ? long.MaxValue : long.MinValue);
    }

    /// <summary>An earlier moment; saturates.</summary>
    public static Instant operator -(Instant left, TimeSpan right) =>
        left + (right == TimeSpan.MinValue ? TimeSpan.MaxValue : -right);

    /// <summary>The time between two moments; saturates.</summary>
    public static TimeSpan operator -(Instant left, Instant right)
    {
        long difference = unchecked(left.Ticks - right.Ticks);
        bool overflowed = ((left.Ticks ^ right.Ticks) & (left.Ticks ^ difference)) < 0;
        return new TimeSpan(!overflowed ? difference : left.Ticks > right.Ticks ? long.MaxValue : long.MinValue);
    }

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/>.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>Whether <paramref name="left"/> does not come after <paramref name="right"/>.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>Whether <paramref name="left"/> does not come before <paramref name="right"/>.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;
}
