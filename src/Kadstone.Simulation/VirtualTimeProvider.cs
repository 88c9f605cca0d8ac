namespace Kadstone.Simulation;

/// <summary>The clock of a simulated network for code that takes a <see cref="TimeProvider"/>. Timers ring inside the event loop, on its thread.</summary>
internal sealed class VirtualTimeProvider(SimulatedNetwork network) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => network.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => network.UtcNow;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        VirtualTimer timer = new(network, callback, state);
        network.Wakes.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class VirtualTimer(SimulatedNetwork network, TimerCallback callback, object? state) : Sleeper, ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
            }

            if (period != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
            }

            if (WakeId < 0)
            {
                return false;
            }

            _period = period;
            Set(dueTime);
            return true;
        }

        public void Dispose() => network.Wakes.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal override void Wake()
        {
            // A period of 0 rings once, as that of System.Threading.Timer does.
            Set(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            callback(state);
        }

        private void Set(TimeSpan after)
        {
            if (after == Timeout.InfiniteTimeSpan)
            {
                network.Wakes.Cancel(this);
            }
            else
            {
                network.SetWake(this, (network.Now + after).Ticks);
            }
        }
    }
}
