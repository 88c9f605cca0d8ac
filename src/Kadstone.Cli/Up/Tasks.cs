namespace Kadstone.Cli.Up;

/// <summary>Several tasks, of which the first failure ends the waiting: the others may never be over.</summary>
internal static class Tasks
{
    internal static async Task WhenAllAsync(IEnumerable<Task> tasks)
    {
        List<Task> left = [.. tasks];
        while (left.Count > 0)
        {
            Task ended = await Task.WhenAny(left);
            left.Remove(ended);
            await ended;
        }
    }

    internal static async Task<T[]> WhenAllAsync<T>(IEnumerable<Task<T>> tasks)
    {
        Task<T>[] all = [.. tasks];
        await WhenAllAsync((IEnumerable<Task>)all);
        return await Task.WhenAll(all);
    }
}
