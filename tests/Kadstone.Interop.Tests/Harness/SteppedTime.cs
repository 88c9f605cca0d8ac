namespace Kadstone.Interop.Tests.Harness;

/// <summary>The system's clock, which a test may push ahead. Timers do not notice: whoever waits for one has to be woken, by a request for instance.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private long _ahead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0, System.GetTimestamp()).Ticks + Interlocked.Read(ref _ahead);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
}
