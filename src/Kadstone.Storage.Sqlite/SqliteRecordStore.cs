using System.Threading.Channels;

namespace Kadstone.Storage.Sqlite;

/// <summary>A record store in one SQLite file: durable, for one process.</summary>
/// <remarks>
/// <para>A put is answered after its commit has reached the disk (write-ahead log, synchronous = FULL). Puts that wait together share one commit.</para>
/// <para>Full shelves and a full store refuse new records and keep the old, as <see cref="MemoryRecordStore"/> does.</para>
/// <para>A full disk, a lock, a disk that went away: calls throw <see cref="StoreUnavailableException"/> within
/// <see cref="SqliteStoreOptions.Patience"/>, each new call is a new attempt, and the store recovers alone.</para>
/// </remarks>
public sealed class SqliteRecordStore : IRecordStore
{
    private readonly string _path;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Writer _writer;
    private readonly Channel<Reader> _readers;
    private int _isDisposed;

    private SqliteRecordStore(string path, SqliteStoreOptions options, TimeProvider timeProvider)
    {
        _path = path;
        _options = options;
        _timeProvider = timeProvider;
        _writer = new Writer(path, StoreFile.Prepare(path, options), options, timeProvider);
        _readers = Channel.CreateBounded<Reader>(options.Readers);
        for (int i = 0; i < options.Readers; i++)
        {
            _ = _readers.Writer.TryWrite(new Reader(path, options));
        }
    }

    /// <summary>Opens the store in the file at <paramref name="path"/>, or makes one there; its folder must exist.</summary>
    /// <param name="path">The file. SQLite keeps `-wal` and `-shm` files beside it while it is open.</param>
    /// <param name="options">The bounds; null takes the defaults.</param>
    /// <param name="timeProvider">The clock that decides what has expired, and that of <see cref="SqliteStoreOptions.Patience"/>; null takes the system's.</param>
    /// <param name="cancellationToken">Gives up before the file is touched.</param>
    /// <exception cref="ArgumentException">The path is empty or holds NUL, or an option is out of range.</exception>
    /// <exception cref="StoreUnavailableException">The file cannot be opened, is damaged, belongs to another program or to a newer version (then it was not touched); or SQLite is not installed.</exception>
    public static async ValueTask<SqliteRecordStore> OpenAsync(string path, SqliteStoreOptions? options = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = Path.GetFullPath(path);
        SqliteStoreOptions bounds = (options ?? new SqliteStoreOptions()).Checked();

        // Recovery after a crash reads the whole log: not on the caller's thread.
        return await Task.Run(
            () =>
            {
                SqliteLibrary.EnsureLoaded();
                return new SqliteRecordStore(fullPath, bounds, timeProvider ?? TimeProvider.System);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key);
        Reader reader = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return reader.Get(shelf, key.Span, _timeProvider.GetUtcNow());
        }
        finally
        {
            Return(reader);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key, record);
        PutRequest request = new([new RecordPut(shelf, key, record, expectedSequence)], 0, 1);
        return (await _writer.WriteAsync(request, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(puts);
        foreach (RecordPut put in puts)
        {
            RecordLimits.Check(put.Shelf, put.Key, put.Record);
        }

        if (puts.Count == 0)
        {
            return [];
        }

        if (puts.Count <= Writer.MaxRequestRecords)
        {
            return await _writer.WriteAsync(new PutRequest(puts, 0, puts.Count), cancellationToken).ConfigureAwait(false);
        }

        // One part at a time: a large batch leaves room in the queue for others.
        List<PutResult> results = new(puts.Count);
        for (int start = 0; start < puts.Count; start += Writer.MaxRequestRecords)
        {
            PutRequest part = new(puts, start, Math.Min(Writer.MaxRequestRecords, puts.Count - start));
            results.AddRange(await _writer.WriteAsync(part, cancellationToken).ConfigureAwait(false));
        }

        return results;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default)
    {
        RecordLimits.CheckList(shelf, afterKey, limit);
        Reader reader = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return reader.List(shelf, afterKey, _timeProvider.GetUtcNow(), limit);
        }
        finally
        {
            Return(reader);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default)
    {
        RecordLimits.CheckShelf(shelf);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        return ValueTask.FromResult(_writer.CountOf(shelf));
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key);
        return _writer.WriteAsync(new DeleteRequest(shelf, key.ToArray()), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        int removed = 0;
        SweptPart part;
        do
        {
            part = await _writer.WriteAsync(new SweepRequest(now), cancellationToken).ConfigureAwait(false);
            removed += part.Removed;
        }
        while (part.Seen == SweepRequest.PartSize);

        return removed;
    }

    /// <summary>Writes and answers what waits, then closes the file. Later calls throw <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        // The readers first: the last connection to close is the writer's, which moves the log into the file.
        for (int i = 0; i < _options.Readers; i++)
        {
            (await _readers.Reader.ReadAsync().ConfigureAwait(false)).Dispose();
        }

        _ = _readers.Writer.TryComplete();
        await _writer.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<Reader> RentAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (_readers.Reader.TryRead(out Reader? free))
        {
            return free;
        }

        using CancellationTokenSource patience = new(_options.Patience, _timeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await _readers.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException(StoreFailure.Slow, $"The store {_path} is slow: no read within {_options.Patience.TotalSeconds} s.", exception);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteRecordStore));
        }
    }

    private void Return(Reader reader) => _ = _readers.Writer.TryWrite(reader);
}
