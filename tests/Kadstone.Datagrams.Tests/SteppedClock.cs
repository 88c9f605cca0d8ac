namespace Kadstone.Datagrams.Tests;

/// <summary>A clock that stands still until it is told to go on.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private readonly TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _ticks = 1;
    private TimeSpan _awaited = Timeout.InfiniteTimeSpan;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        _timers.Add(timer);
        return timer;
    }

    public Task Armed(TimeSpan due)
    {
        lock (_timers)
        {
            _awaited = due;
            Check();
        }

        return _armed.Task;
    }

    public void Advance(TimeSpan by)
    {
        long now = Interlocked.Add(ref _ticks, by.Ticks);
        foreach (Timer timer in _timers.Where(timer => timer.Due <= now))
        {
            timer.Fire();
        }
    }

    private void Check()
    {
        if (_awaited > TimeSpan.Zero && _timers.Any(timer => timer.Due == _ticks + _awaited.Ticks))
        {
            _armed.TrySetResult();
        }
    }

    private sealed class Timer(SteppedClock clock, Action fire) : ITimer
    {
        public long Due { get; private set; } = long.MaxValue;

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._timers)
            {
                Due = dueTime < TimeSpan.Zero ? long.MaxValue : clock._ticks + dueTime.Ticks;
                clock.Check();
            }

            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
