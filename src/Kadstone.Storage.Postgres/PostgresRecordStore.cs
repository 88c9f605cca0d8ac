using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>A record store on PostgreSQL 15 or later: durable, for any number of processes (heads) at once.</summary>
/// <remarks>
/// <para>The statements are plain SQL that also runs on engines which speak the protocol and spread a table over machines by a hash of its
/// key; docs/stores.md says how.</para>
/// <para>A put is answered after the server's commit. Puts that wait together share one. Heads need no word with each other: a put that
/// another head was faster with is decided again. Each head goes by its own clock for what has expired: keep them within a few seconds.</para>
/// <para>Full shelves and a full store refuse new records and keep the old. Caps are exact for the only head of a database; of several,
/// each learns what the others wrote within <see cref="PostgresStoreOptions.CountInterval"/>.</para>
/// <para>Whatever keeps the server from answering, calls throw <see cref="StoreUnavailableException"/> within
/// <see cref="PostgresStoreOptions.Patience"/>, each new call is a new attempt, and the store recovers alone. Of several machines behind
/// one server only the keys of those that are away fail. A delete that had to be repeated after a lost connection may say false though it removed.</para>
/// </remarks>
public sealed class PostgresRecordStore : IRecordStore
{
    /// <summary>160: the bytes that a record is counted for beside its key and value, about what the server needs for row and indexes.</summary>
    public const int RecordOverhead = 160;

    private readonly Database _database;
    private readonly PostgresStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Writer _writer;
    private int _isDisposed;

    private PostgresRecordStore(Database database, PostgresStoreOptions options, TimeProvider timeProvider, Writer writer)
    {
        _database = database;
        _options = options;
        _timeProvider = timeProvider;
        _writer = writer;
    }

    /// <summary>Connects to the store, or makes its tables in the first schema of the search path.</summary>
    /// <param name="connectionString">An Npgsql connection string, such as `Host=db;Username=kadstone;Database=kadstone`. What it sets goes before the options.</param>
    /// <param name="options">The bounds; null takes the defaults.</param>
    /// <param name="timeProvider">The clock that decides what has expired, and that of <see cref="PostgresStoreOptions.Patience"/>; null takes the system's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read, or an option is out of range.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached or lets us not in, or its tables belong to another program or to a newer version (then nothing was changed).</exception>
    public static async ValueTask<PostgresRecordStore> OpenAsync(string connectionString, PostgresStoreOptions? options = null, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        PostgresStoreOptions bounds = (options ?? new PostgresStoreOptions()).Checked();
        TimeProvider clock = timeProvider ?? TimeProvider.System;
        Database database = new(connectionString, bounds);
        try
        {
            await Schema.PrepareAsync(database, cancellationToken).ConfigureAwait(false);
            Writer writer = await Writer.StartAsync(database, bounds, clock, cancellationToken).ConfigureAwait(false);
            return new PostgresRecordStore(database, bounds, clock, writer);
        }
        catch
        {
            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RecordLimits.Check(shelf, key);
        byte[] keyBytes = key.ToArray();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        return await ReadAsync((connection, token) => Reader.GetAsync(connection, shelf, keyBytes, now, token), cancellationToken).ConfigureAwait(false);
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
        byte[]? after = afterKey?.ToArray();
        DateTimeOffset now = _timeProvider.GetUtcNow();
        return await ReadAsync((connection, token) => Reader.ListAsync(connection, shelf, after, now, limit, token), cancellationToken).ConfigureAwait(false);
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
        return _writer.DeleteAsync(shelf, key.ToArray(), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        int removed = 0;
        foreach (Shelf shelf in _writer.Shelves)
        {
            SweptWindow window = new(0, IsLast: false, End: long.MinValue);
            while (!window.IsLast)
            {
                window = await _writer.SweepAsync(shelf, window.End, now, cancellationToken).ConfigureAwait(false);
                removed += window.Removed;
            }
        }

        return removed;
    }

    /// <summary>Writes and answers what waits, then closes the connections. Later calls throw <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _writer.DisposeAsync().ConfigureAwait(false);
            await _database.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<T> ReadAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        Task<T> reading = _database.RunAsync(read, cancellationToken);

        // Who cancelled or lost patience does not look at the answer any more; that is no unobserved failure.
        _ = reading.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        try
        {
            return await reading.WaitAsync(_options.Patience, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StoreUnavailableException(StoreFailure.Slow, $"The store {_database.Name} is slow: no answer within {_options.Patience.TotalSeconds} s.", exception);
        }
    }
}
