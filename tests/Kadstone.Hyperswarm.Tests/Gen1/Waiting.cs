using System.Diagnostics;

namespace Kadstone.Hyperswarm.Tests.Gen1;

/// <summary>Waits for what other threads do: the question is put again until the answer is good, and half a minute is a failure.</summary>
internal static class Waiting
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(30);

    internal static async Task<T> ForAsync<T>(Func<Task<T>> ask, Func<T, bool> isGood)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            T answer = await ask();
            if (isGood(answer))
            {
                return answer;
            }

            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(s_guard, $"the last answer was {answer}");
            await Task.Yield();
        }
    }

    internal static Task UntilAsync(Func<bool> condition) => ForAsync(() => Task.FromResult(condition()), isSo => isSo);
}
