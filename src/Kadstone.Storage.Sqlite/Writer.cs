using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Kadstone.Storage.Sqlite;

/// <summary>Group commit: one task takes what waits, writes it in one transaction and answers all after one sync to disk.</summary>
internal sealed class Writer : IAsyncDisposable
{
    /// <summary>The most records of one request: a quarter of a transaction, so that several callers share one.</summary>
    public const int MaxRequestRecords = 8192;

    // Keys are hashes: the more of them share a commit, the more of them share a page of it.
    private const int MaxTransactionRecords = 32_768;
    private const int MaxTransactionBytes = 8 << 20;
    private const long MaxQueuedBytes = 64 << 20;

    private readonly string _path;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Channel<WriteRequest> _queue;
    private readonly ConcurrentDictionary<Shelf, long> _counts = [];
    private readonly Task _loop;
    private WriteTransaction? _transaction;
    private int _queuedRecords;
    private long _queuedBytes;
    private volatile bool _isClosing;

    /// <summary>Takes over a prepared connection, or closes it when it throws.</summary>
    public Writer(string path, Connection connection, SqliteStoreOptions options, TimeProvider timeProvider)
    {
        _path = path;
        _options = options;
        _timeProvider = timeProvider;
        try
        {
            _transaction = new WriteTransaction(connection, options, timeProvider);
            _transaction.Begin();
            PublishCounts(_transaction);
            _transaction.RollBackIfOpen();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        _queue = Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(options.MaxQueuedRecords) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    public long CountOf(Shelf shelf) => _counts.GetValueOrDefault(shelf);

    /// <summary>Queues a request and waits until it is committed.</summary>
    public async ValueTask<TResult> WriteAsync<TResult>(WriteRequest<TResult> request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // One request alone always fits, however large.
        int records = Interlocked.Add(ref _queuedRecords, request.Records);
        long bytes = Interlocked.Add(ref _queuedBytes, request.Bytes);
        bool fits = (records <= _options.MaxQueuedRecords || records == request.Records)
            && (bytes <= MaxQueuedBytes || bytes == request.Bytes);
        if (!fits || !_queue.Writer.TryWrite(request))
        {
            Leave(request);
            ObjectDisposedException.ThrowIf(_isClosing, typeof(SqliteRecordStore));
            throw new StoreUnavailableException(StoreFailure.Overloaded, $"The store {_path} is overloaded: {_options.MaxQueuedRecords} records wait to be written.");
        }

        try
        {
            return await request.Answer.WaitAsync(_options.Patience, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StoreUnavailableException(StoreFailure.Slow, $"The store {_path} is slow: no commit within {_options.Patience.TotalSeconds} s.", exception);
        }
    }

    /// <summary>Writes and answers what was queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        _ = _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _transaction?.Dispose();
    }

    private async Task RunAsync()
    {
        List<WriteRequest> requests = [];
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            int records = 0;
            int bytes = 0;
            while (records < MaxTransactionRecords && bytes < MaxTransactionBytes && _queue.Reader.TryRead(out WriteRequest? request))
            {
                requests.Add(request);
                records += request.Records;
                bytes += request.Bytes;
            }

            if (TryCommit(requests) is not StoreUnavailableException failure)
            {
                requests.ForEach(request =>
                {
                    Leave(request);
                    request.Succeed();
                });
            }
            else
            {
                // Who queued behind a failure would only wait as long again for the same answer; who comes now finds an empty queue and is a new attempt.
                while (_queue.Reader.TryRead(out WriteRequest? waiting))
                {
                    requests.Add(waiting);
                }

                requests.ForEach(request =>
                {
                    Leave(request);
                    request.Fail(failure);
                });
            }

            requests.Clear();
        }
    }

#pragma warning disable CA1031 // Whatever went wrong is the waiters' answer: without one they would wait in vain, and the loop must go on.
    private StoreUnavailableException? TryCommit(List<WriteRequest> requests)
    {
        try
        {
            _transaction ??= new WriteTransaction(StoreFile.Prepare(_path, _options), _options, _timeProvider);
            _transaction.Begin();
            requests.ForEach(request => request.Run(_transaction));
            _transaction.Commit();
            PublishCounts(_transaction);
            return null;
        }
        catch (Exception exception)
        {
            StoreUnavailableException failure = exception as StoreUnavailableException
                ?? new StoreUnavailableException(StoreFailure.Io, $"The store {_path} failed: {exception.Message}", exception);
            _transaction?.RollBackIfOpen();

            // A lock or a full disk passes. After anything else the file may be another one, or the disk be back: begin anew.
            if (failure.Reason is not (StoreFailure.Locked or StoreFailure.DiskFull))
            {
                _transaction?.Dispose();
                _transaction = null;
            }

            return failure;
        }
    }
#pragma warning restore CA1031

    private void PublishCounts(WriteTransaction transaction)
    {
        foreach ((Shelf shelf, long records) in transaction.Counts)
        {
            _counts[shelf] = records;
        }
    }

    private void Leave(WriteRequest request)
    {
        _ = Interlocked.Add(ref _queuedRecords, -request.Records);
        _ = Interlocked.Add(ref _queuedBytes, -request.Bytes);
    }
}
