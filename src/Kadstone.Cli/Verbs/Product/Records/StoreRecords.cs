using System.Runtime.CompilerServices;
using Kadstone.Daemon.V1;
using Kadstone.Storage;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary>The records of a store, with their values.</summary>
internal sealed class StoreRecords(IRecordStore store) : RecordSource
{
    internal override async IAsyncEnumerable<ListedRecord> ListAsync(string? shelf, string? afterKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Shelf one in ShelfNames.All.Where(one => shelf is null || ShelfNames.Of(one) == shelf))
        {
            ReadOnlyMemory<byte>? after = afterKey is null ? null : Convert.FromHexString(afterKey);
            IReadOnlyList<KeyedRecord> page;
            do
            {
                page = await store.ListAsync(one, after, PageLength, cancellationToken);
                foreach (KeyedRecord record in page)
                {
                    yield return Of(one, record);
                }

                after = page.Count > 0 ? page[^1].Key : after;
            }
            while (page.Count == PageLength);
        }
    }

    internal override async Task<IReadOnlyList<(string Shelf, long Count)>> CountAsync(CancellationToken cancellationToken)
    {
        List<(string, long)> counts = [];
        foreach (Shelf shelf in ShelfNames.All)
        {
            counts.Add((ShelfNames.Of(shelf), await store.CountAsync(shelf, cancellationToken)));
        }

        return counts;
    }

    internal override async Task<int> SweepAsync(CancellationToken cancellationToken) => await store.SweepAsync(TimeProvider.System.GetUtcNow(), cancellationToken);

    public override ValueTask DisposeAsync() => store.DisposeAsync();

    private static ListedRecord Of(Shelf shelf, KeyedRecord record) => new(
        ShelfNames.Of(shelf),
        Convert.ToHexStringLower(record.Key.Span),
        record.Record.Value.Length,
        record.Record.Sequence,
        record.Record.Expires,
        ShelfNames.IsOwn(shelf),
        record.Record.Value);
}
