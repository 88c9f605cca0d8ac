namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary>Where records are read: a daemon, or a store that no daemon has open.</summary>
internal abstract class RecordSource : IAsyncDisposable
{
    protected const int PageLength = 1000;

    /// <summary>The records in the order of shelves and keys.</summary>
    /// <param name="shelf">Only this shelf; null: all.</param>
    /// <param name="afterKey">Only keys behind this one, in hex, which needs a shelf; null: from the first on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal abstract IAsyncEnumerable<ListedRecord> ListAsync(string? shelf, string? afterKey, CancellationToken cancellationToken);

    /// <summary>How many each shelf holds.</summary>
    internal abstract Task<IReadOnlyList<(string Shelf, long Count)>> CountAsync(CancellationToken cancellationToken);

    /// <summary>Removes what has expired, and says how many that were.</summary>
    internal abstract Task<int> SweepAsync(CancellationToken cancellationToken);

    /// <summary>The record under a key on a shelf; null: there is none.</summary>
    internal virtual async Task<ListedRecord?> FindAsync(string shelf, string key, CancellationToken cancellationToken)
    {
        // Keys are listed behind another: the key without its last byte stands before it, and little between them.
        string before = key[..^2];
        await foreach (ListedRecord record in ListAsync(shelf, before.Length == 0 ? null : before, cancellationToken))
        {
            int order = string.CompareOrdinal(record.Key, key);
            if (order >= 0)
            {
                return order == 0 ? record : null;
            }
        }

        return null;
    }

    public abstract ValueTask DisposeAsync();
}
