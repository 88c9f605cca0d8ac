using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>Makes instants from a time provider's monotonic timestamps.</summary>
public readonly struct MonotonicClock(TimeProvider provider)
{
    private readonly TimeProvider _provider = provider;
    private readonly long _perTick = provider.TimestampFrequency % TimeSpan.TicksPerSecond == 0 ? provider.TimestampFrequency / TimeSpan.TicksPerSecond : 0;

    /// <summary>The present moment.</summary>
    public Instant Now
    {
        get
        {
            long timestamp = _provider.GetTimestamp();
            return new Instant(_perTick switch
            {
                0 => (long)((Int128)timestamp * TimeSpan.TicksPerSecond / _provider.TimestampFrequency),
                1 => timestamp,
                100 => timestamp / 100,
                _ => timestamp / _perTick,
            });
        }
    }
}
