namespace Kadstone.Ipfs;

/// <summary>What may be done with a stream of events besides looking at them.</summary>
public static class QueryEventStreams
{
    /// <summary>Runs an operation to its end without looking at its events.</summary>
    /// <returns>How many events there were.</returns>
    public static async Task<int> ConsumeAsync(this IAsyncEnumerable<QueryEvent> events, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        int count = 0;
        await foreach (QueryEvent _ in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            count++;
        }

        return count;
    }
}
