using System.Globalization;
using System.Text;
using Kadstone.Storage;

namespace CustomStore;

/// <summary>A record store of one's own: the memory store keeps the contract, a file keeps what it took. It grows until it is opened anew.</summary>
public sealed class JournalStore : IRecordStore
{
    private readonly MemoryRecordStore _records;
    private readonly FileStream _journal;
    private readonly SemaphoreSlim _writing = new(1);

    private JournalStore(MemoryRecordStore records, FileStream journal) => (_records, _journal) = (records, journal);

    /// <summary>Reads the journal, line by line, and goes on where it ends. A line that a crash cut off has no end, and is none.</summary>
    public static async Task<JournalStore> OpenAsync(string path, MemoryStoreOptions? options = null, TimeProvider? timeProvider = null)
    {
        MemoryRecordStore records = new(options, timeProvider);
        foreach (string line in File.Exists(path) ? await File.ReadAllLinesAsync(path) : [])
        {
            if (line.Split(' ') is [string shelf, string key, string value, string sequence, string expires, string stored, "."])
            {
                StoredRecord record = new(Convert.FromHexString(value), Number(sequence), new(Number(expires), TimeSpan.Zero), new(Number(stored), TimeSpan.Zero));
                await records.PutAsync((Shelf)Number(shelf), Convert.FromHexString(key), record);
            }
            else if (line.Split(' ') is [string itsShelf, string gone, "gone."])
            {
                await records.DeleteAsync((Shelf)Number(itsShelf), Convert.FromHexString(gone));
            }
        }

        return new JournalStore(records, new FileStream(path, FileMode.Append));
    }

    public async ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default) =>
        (await PutManyAsync([new RecordPut(shelf, key, record, expectedSequence)], cancellationToken))[0];

    // A put is answered when it is on the disk: one flush for all of a batch.
    public async ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default)
    {
        RecordPut[] copies = [.. puts.Select(put => put with { Key = put.Key.ToArray(), Record = put.Record with { Value = put.Record.Value.ToArray() } })];
        await _writing.WaitAsync(cancellationToken);
        try
        {
            IReadOnlyList<PutResult> results = await _records.PutManyAsync(copies, cancellationToken);
            Append(string.Concat(copies.Where((_, i) => results[i] == PutResult.Stored).Select(Line)));
            return results;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            bool stood = await _records.DeleteAsync(shelf, key, cancellationToken);
            Append($"\n{(short)shelf} {Convert.ToHexString(key.Span)} gone.");
            return stood;
        }
        finally
        {
            _writing.Release();
        }
    }

    public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => _records.GetAsync(shelf, key, cancellationToken);

    public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) =>
        _records.ListAsync(shelf, afterKey, limit, cancellationToken);

    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => _records.CountAsync(shelf, cancellationToken);

    // What has expired is left out when the journal is read again.
    public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => _records.SweepAsync(now, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        await _records.DisposeAsync();
        await _journal.DisposeAsync();
        _writing.Release();
    }

    private void Append(string lines)
    {
        try
        {
            _journal.Write(Encoding.ASCII.GetBytes(lines));
            _journal.Flush(flushToDisk: true);
        }
        catch (IOException exception)
        {
            throw new StoreUnavailableException(StoreFailure.Io, "The journal cannot be written.", exception);
        }
    }

    private static string Line(RecordPut put) => string.Create(
        CultureInfo.InvariantCulture,
        $"\n{(short)put.Shelf} {Convert.ToHexString(put.Key.Span)} {Convert.ToHexString(put.Record.Value.Span)} {put.Record.Sequence} {put.Record.Expires.UtcTicks} {put.Record.StoredAt.UtcTicks} .");

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
