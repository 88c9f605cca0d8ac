namespace Kadstone.Tests;

/// <summary>What an action allocates on this thread.</summary>
internal static class Allocations
{
    private const int Rounds = 5;

    /// <summary>Bytes of the best of some rounds: the runtime makes objects of its own when it compiles a method anew, an action's own come each time.</summary>
    /// <param name="action">What is measured, after one run to warm up.</param>
    /// <param name="times">How often it runs in a round.</param>
    internal static long Least(Action action, int times = 1)
    {
        action();
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < times; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
