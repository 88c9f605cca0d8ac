using System.Collections.Concurrent;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>The system's clock, but for what happens once a minute: that a test lets happen when it wants to.</summary>
internal sealed class MinuteClock : TimeProvider
{
    private readonly ConcurrentQueue<Action> _minutely = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != TimeSpan.FromMinutes(1))
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _minutely.Enqueue(() => callback(state));
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Tick()
    {
        foreach (Action happens in _minutely)
        {
            happens();
        }
    }
}
