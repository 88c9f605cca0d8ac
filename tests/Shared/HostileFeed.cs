using System.Diagnostics;

namespace Kadstone.Tests;

/// <summary>Feeds bent packets to a codec, which must neither throw nor hang nor allocate more than it may: nothing, unless its feeder says so.</summary>
internal static class HostileFeed
{
    private const int Attempts = 5;
    private static readonly TimeSpan s_hang = TimeSpan.FromMilliseconds(50);

    internal delegate ReadOnlySpan<byte> Source();

    internal delegate void Codec(ReadOnlySpan<byte> packet);

    /// <summary>Feeds so many packets; fails with the seed and the packet.</summary>
    /// <param name="seed">What the packets come from.</param>
    /// <param name="count">How many.</param>
    /// <param name="next">The next one.</param>
    /// <param name="codec">Who reads them.</param>
    /// <param name="most">How many bytes may be allocated for a packet of a length. Null: 0.</param>
    internal static void Run(int seed, int count, Source next, Codec codec, Func<int, long>? most = null)
    {
        codec(next());
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> packet = next();
            try
            {
                FeedOne(codec, packet, most?.Invoke(packet.Length) ?? 0);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, packet {i}: {Convert.ToHexStringLower(packet)}", exception);
            }
        }
    }

    // The runtime makes objects of its own when it compiles a method anew, and a machine under load pauses threads: both once.
    // What a packet itself makes a codec do, it makes it do each time.
    private static void FeedOne(Codec codec, ReadOnlySpan<byte> packet, long most)
    {
        for (int attempt = 1; ; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            long before = GC.GetAllocatedBytesForCurrentThread();
            codec(packet);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            if (took <= s_hang && allocated <= most)
            {
                return;
            }

            if (attempt == Attempts)
            {
                throw new InvalidOperationException($"{took.TotalMilliseconds:0.0} ms and {allocated} bytes, {Attempts} times in a row");
            }
        }
    }
}
