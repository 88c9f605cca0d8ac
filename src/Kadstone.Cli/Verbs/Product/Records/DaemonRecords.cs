using System.Runtime.CompilerServices;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary>The records of a daemon, page by page over its API. Its pages tell of values only how long they are; a single record comes whole.</summary>
internal sealed class DaemonRecords(DaemonClient daemon) : RecordSource
{
    internal override async IAsyncEnumerable<ListedRecord> ListAsync(string? shelf, string? afterKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = afterKey is null ? null : $"{shelf}:{afterKey}";
        do
        {
            string path = $"/v1/records?limit={PageLength}{(shelf is null ? "" : $"&shelf={shelf}")}{(cursor is null ? "" : $"&after={cursor}")}";
            RecordsAnswer page = await daemon.GetAsync(path, DaemonClient.Json.RecordsAnswer, cancellationToken);
            foreach (RecordAnswer record in page.Records)
            {
                yield return new ListedRecord(record.Shelf, record.Key, record.Bytes, record.Sequence, record.Expires, record.IsOwn, null);
            }

            // One that does not move on would never end.
            cursor = page.Next == cursor ? null : page.Next;
        }
        while (cursor is not null);
    }

    internal override async Task<ListedRecord?> FindAsync(string shelf, string key, CancellationToken cancellationToken) =>
        await daemon.FindAsync($"/v1/records/{shelf}/{key}", DaemonClient.Json.StoredValueAnswer, cancellationToken) is StoredValueAnswer record
            ? new ListedRecord(record.Shelf, record.Key, record.Bytes, record.Sequence, record.Expires, record.IsOwn, record.Value)
            : null;

    internal override async Task<IReadOnlyList<(string Shelf, long Count)>> CountAsync(CancellationToken cancellationToken)
    {
        RecordsAnswer page = await daemon.GetAsync("/v1/records?limit=1", DaemonClient.Json.RecordsAnswer, cancellationToken);
        return [.. page.Shelves.Select(shelf => (shelf.Shelf, shelf.Count))];
    }

    internal override Task<int> SweepAsync(CancellationToken cancellationToken) =>
        throw CommandFailedException.Usage($"the daemon at {daemon.Place} removes what has expired by itself; gc is for a store that no daemon has open: --store sqlite:FILE or --store postgres:CONNECTION.");

    public override ValueTask DisposeAsync()
    {
        daemon.Dispose();
        return ValueTask.CompletedTask;
    }
}
