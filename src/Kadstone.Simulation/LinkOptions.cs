namespace Kadstone.Simulation;

/// <summary>How packets fare between two hosts.</summary>
/// <remarks>
/// Each pair of hosts has a round trip of its own, drawn log-normally between the two bounds from the seed and the pair, the same
/// both ways and for the whole run. Jitter stays within the bounds; only a reordered packet takes longer.
/// </remarks>
public sealed record LinkOptions
{
    /// <summary>The shortest round trip. Default 20 ms; 0 or more.</summary>
    public TimeSpan MinRoundTrip { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest round trip. Default 200 ms; not below <see cref="MinRoundTrip"/>, at most 60 s.</summary>
    public TimeSpan MaxRoundTrip { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How much longer than its pair's base a packet may take, as a fraction. Default 0.1; 0 to 1.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>The chance that a packet is lost, each way. Default 0; 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>The chance that a packet that was not lost arrives a second time. Default 0; 0 to 1.</summary>
    public double Duplication { get; init; }

    /// <summary>The chance that a packet is held back by up to <see cref="ReorderingDelay"/>, so that later ones overtake it. Default 0; 0 to 1.</summary>
    public double Reordering { get; init; }

    /// <summary>The longest extra time of a reordered packet. Default 100 ms; 0 to 60 s.</summary>
    public TimeSpan ReorderingDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest datagram that gets through, in bytes of payload. Default 1,472 (an Ethernet frame: fragments are not carried); 1 to 2,048.</summary>
    public int MaxDatagram { get; init; } = 1472;

    /// <summary>Nothing is lost; round trips of 20 to 200 ms.</summary>
    public static LinkOptions Healthy { get; } = new();

    /// <summary>A bad day: 20 % lost each way, 2 % duplicated, 5 % reordered; round trips of 20 to 200 ms.</summary>
    public static LinkOptions Lossy { get; } = new() { Loss = 0.20, Duplication = 0.02, Reordering = 0.05 };

    /// <summary>Every packet takes half of <paramref name="roundTrip"/>, and none is lost.</summary>
    public static LinkOptions FixedRoundTrip(TimeSpan roundTrip) => new() { MinRoundTrip = roundTrip, MaxRoundTrip = roundTrip, Jitter = 0 };

    internal void Validate()
    {
        TimeSpan longest = TimeSpan.FromMinutes(1);
        InRange(MinRoundTrip >= TimeSpan.Zero, nameof(MinRoundTrip), MinRoundTrip, "0 or more");
        InRange(MaxRoundTrip >= MinRoundTrip && MaxRoundTrip <= longest, nameof(MaxRoundTrip), MaxRoundTrip, "the shortest round trip to 60 s");
        InRange(ReorderingDelay >= TimeSpan.Zero && ReorderingDelay <= longest, nameof(ReorderingDelay), ReorderingDelay, "0 to 60 s");
        InRange(Jitter is >= 0 and <= 1, nameof(Jitter), Jitter, "0 to 1");
        InRange(Loss is >= 0 and <= 1, nameof(Loss), Loss, "0 to 1");
        InRange(Duplication is >= 0 and <= 1, nameof(Duplication), Duplication, "0 to 1");
        InRange(Reordering is >= 0 and <= 1, nameof(Reordering), Reordering, "0 to 1");
        InRange(MaxDatagram is >= 1 and <= SimulatedNetwork.BufferLength, nameof(MaxDatagram), MaxDatagram, "1 to 2,048 bytes");
    }

    private static void InRange(bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {allowed}.");
        }
    }
}
