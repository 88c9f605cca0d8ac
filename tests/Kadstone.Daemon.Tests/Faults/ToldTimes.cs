namespace Kadstone.Daemon.Tests.Faults;

/// <summary>When each key was told, as the nodes that were told wrote it down: 5 s late at most, and some of eight at about the same time.</summary>
internal sealed class ToldTimes(TimeProvider time)
{
    // Those of one round are told within seconds; the shortest interval is longer.
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset At, int Rounds)> _last = [];

    /// <summary>The longest time between two rounds of one key.</summary>
    public TimeSpan LongestGap { get; private set; }

    public void Note(ReadOnlyMemory<byte> key)
    {
        DateTimeOffset now = time.GetUtcNow();
        string name = Convert.ToHexString(key.Span);
        lock (_lock)
        {
            (DateTimeOffset at, int rounds) = _last.GetValueOrDefault(name);
            if (rounds > 0 && now - at < s_round)
            {
                return;
            }

            LongestGap = rounds > 0 && now - at > LongestGap ? now - at : LongestGap;
            _last[name] = (now, rounds + 1);
        }
    }

    /// <summary>Waits until so many keys were told so often, or the guard is over.</summary>
    /// <returns>How many were.</returns>
    public async Task<int> WaitAsync(int rounds, int keys, TimeSpan guard)
    {
        DateTimeOffset end = time.GetUtcNow() + guard;
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1), time);
        while (Count(rounds) < keys && time.GetUtcNow() < end)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        return Count(rounds);
    }

    private int Count(int rounds)
    {
        lock (_lock)
        {
            return _last.Values.Count(last => last.Rounds >= rounds);
        }
    }
}
