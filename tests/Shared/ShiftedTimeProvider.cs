namespace Kadstone.Tests;

/// <summary>The system's clock, which a test may push ahead: timers that are passed by fire at once.</summary>
internal sealed class ShiftedTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<ShiftedTimer> _timers = [];
    private long _ahead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0, System.GetTimestamp()).Ticks + Interlocked.Read(ref _ahead);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));

    public void Advance(TimeSpan by)
    {
        ShiftedTimer[] timers;
        lock (_lock)
        {
            Interlocked.Add(ref _ahead, by.Ticks);
            timers = [.. _timers];
        }

        foreach (ShiftedTimer timer in timers)
        {
            timer.Arm();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ShiftedTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    private sealed class ShiftedTimer : ITimer
    {
        private readonly ShiftedTimeProvider _owner;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _inner;
        private readonly Lock _gate = new();
        private long _due = long.MaxValue;
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public ShiftedTimer(ShiftedTimeProvider owner, TimerCallback callback, object? state)
        {
            _owner = owner;
            _callback = callback;
            _state = state;
            _inner = System.CreateTimer(static timer => ((ShiftedTimer)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                _period = period;
                _due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : _owner.GetTimestamp() + dueTime.Ticks;
            }

            return Arm();
        }

        public bool Arm()
        {
            lock (_gate)
            {
                TimeSpan left = _due == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Max(0, _due - _owner.GetTimestamp()));
                return _inner.Change(left, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_owner._lock)
            {
                _owner._timers.Remove(this);
            }

            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire()
        {
            lock (_gate)
            {
                if (_due > _owner.GetTimestamp())
                {
                    Arm();
                    return;
                }

                _due = _period == Timeout.InfiniteTimeSpan ? long.MaxValue : _owner.GetTimestamp() + _period.Ticks;
                Arm();
            }

            _callback(_state);
        }
    }
}
