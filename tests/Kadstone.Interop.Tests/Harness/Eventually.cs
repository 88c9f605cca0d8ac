using System.Diagnostics;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Real peers do things in their own time: ask again until the answer is the one awaited, or the guard time is over.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <returns>The first answer that is good.</returns>
    /// <exception cref="TimeoutException">None was; names the last one.</exception>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T>> ask, Func<T, bool> isGood, TimeSpan? guard = null)
    {
        Stopwatch elapsed = Stopwatch.StartNew();
        while (true)
        {
            T answer = await ask();
            if (isGood(answer))
            {
                return answer;
            }

            if (elapsed.Elapsed > (guard ?? Guard))
            {
                throw new TimeoutException($"{what}: not within {(guard ?? Guard).TotalSeconds:0} s; the last answer was {Show(answer)}");
            }

            await Task.Delay(s_pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Until the answer holds <paramref name="expected"/>.</summary>
    public static Task<IReadOnlyList<string>> ContainsAsync(string what, Func<Task<IReadOnlyList<string>>> ask, string expected, TimeSpan? guard = null) =>
        GetAsync($"{what} ({expected})", ask, answer => answer.Contains(expected), guard);

    private static string Show<T>(T answer) => answer is IEnumerable<string> lines ? $"[{string.Join(", ", lines)}]" : $"{answer}";
}
