using System.Diagnostics;
using Kadstone.Storage;

namespace Kadstone.Bench;

/// <summary>How long a get of a store takes when so many a second come in, whether those before are answered or not.</summary>
internal static class GetBench
{
    internal sealed record GetFigures(
        string Case, int Keys, int GetsPerSecond, long Gets, long WarmUpGets, double P50Milliseconds, double P99Milliseconds, double MaxMilliseconds, double LateP99Milliseconds, double CpuMicrosecondsPerGet);

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3);

    /// <summary>Gets keys that are there at random. A get's time counts from when it was due, so that a stall is everybody's who came during it.</summary>
    public static async Task<GetFigures> RunAsync(string what, IRecordStore store, Func<int, byte[]> keyOf, int keys, int perSecond, TimeSpan duration)
    {
        await OpenLoopAsync(store, keyOf, keys, perSecond, s_warmUp);
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        (double[] answered, double[] late) = await OpenLoopAsync(store, keyOf, keys, perSecond, duration);
        double cpu = (Environment.CpuUsage.TotalTime - cpuBefore).TotalMicroseconds;
        return new GetFigures(what, keys, perSecond, answered.Length, (long)(perSecond * s_warmUp.TotalSeconds), At(answered, 0.5), At(answered, 0.99), At(answered, 1), At(late, 0.99), cpu / answered.Length);
    }

    // A thread of its own keeps the time: a timer of the pool would be late just when the store is busy. What it was late itself is told.
    private static async Task<(double[] Answered, double[] Late)> OpenLoopAsync(IRecordStore store, Func<int, byte[]> keyOf, int keys, int perSecond, TimeSpan duration)
    {
        int count = (int)(perSecond * duration.TotalSeconds);
        double[] answered = new double[count];
        double[] late = new double[count];
        Task[] gets = new Task[count];
        TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread clock = new(() =>
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                TimeSpan due = TimeSpan.FromSeconds((double)i / perSecond);
                while (Stopwatch.GetElapsedTime(start) < due)
                {
                    Thread.Sleep(1);
                }

                late[i] = (Stopwatch.GetElapsedTime(start) - due).TotalMilliseconds;
                int number = i;
                byte[] key = keyOf(Random.Shared.Next(keys));
                gets[i] = Task.Run(async () =>
                {
                    StoredRecord? record = await store.GetAsync(Shelf.MainlineMutable, key);
                    answered[number] = record is not null ? (Stopwatch.GetElapsedTime(start) - due).TotalMilliseconds : throw new InvalidOperationException("A key is not there.");
                });
            }

            sent.SetResult();
        });
        clock.Start();
        await sent.Task;
        await Task.WhenAll(gets);
        Array.Sort(answered);
        Array.Sort(late);
        return (answered, late);
    }

    private static double At(double[] sorted, double share) => Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))], 3);
}
