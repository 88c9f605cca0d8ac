using System.Threading.Channels;

namespace Kadstone.Storage.Postgres;

/// <summary>Group commit: one task takes what waits, writes it in one transaction and answers all after one commit.</summary>
internal sealed class Writer : IAsyncDisposable
{
    /// <summary>The most records of one request, so that several callers share a batch.</summary>
    public const int MaxRequestRecords = 2048;

    private const int MaxBatchRecords = 4096;
    private const int MaxBatchBytes = 4 << 20;
    private const long MaxQueuedBytes = 64 << 20;

    // So many that wait are a batch worth reading ahead of its turn; fewer rather wait for more to share their commit.
    private const int MinAheadRecords = MaxRequestRecords;

    // Doubts are settled this many at a time between two batches, so that nobody waits for all of them.
    private const int MaxDoubtsAtOnce = 16;

    private readonly Database _database;
    private readonly PostgresStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Totals _totals;
    private readonly Remover _remover;
    private readonly Counter _counter;
    private readonly Channel<WriteRequest> _queue;
    private readonly Task _loop;
    private readonly CountRequest _countRequest;
    private readonly ITimer _countTimer;
    private TaskCompletionSource<bool>? _enoughWait;
    private int _writtenRecords;
    private int _queuedRecords;
    private long _queuedBytes;
    private volatile bool _isClosing;

    private Writer(Database database, PostgresStoreOptions options, TimeProvider timeProvider, Totals totals, Counter counter)
    {
        _database = database;
        _options = options;
        _timeProvider = timeProvider;
        _totals = totals;
        _counter = counter;
        _remover = new Remover(totals);
        _countRequest = new CountRequest(counter, SetCountTimer);
        _queue = Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(options.MaxQueuedRecords + 1) { SingleReader = true });
        _loop = Task.Run(RunAsync);
        _countTimer = timeProvider.CreateTimer(_ => AskForCount(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        SetCountTimer();
    }

    public ICollection<Shelf> Shelves => _totals.Shelves;

    /// <summary>Counts what is there and starts.</summary>
    public static async Task<Writer> StartAsync(Database database, PostgresStoreOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        Totals totals = new();
        Counter counter = new(database, totals);
        await counter.CountAllAsync(cancellationToken).ConfigureAwait(false);
        return new Writer(database, options, timeProvider, totals, counter);
    }

    public long CountOf(Shelf shelf) => _totals.CountOf(shelf);

    /// <summary>Queues a removal.</summary>
    public ValueTask<bool> DeleteAsync(Shelf shelf, byte[] key, CancellationToken cancellationToken) =>
        WriteAsync(new WorkRequest<bool>((connection, token) => _remover.DeleteAsync(connection, shelf, key, _timeProvider.GetUtcNow(), token)), cancellationToken);

    /// <summary>Queues one window of a sweep, so that puts get their turn between two of them.</summary>
    public ValueTask<SweptWindow> SweepAsync(Shelf shelf, long from, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(new WorkRequest<SweptWindow>((connection, token) => _remover.SweepAsync(connection, shelf, from, now, token)), cancellationToken);

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
            ObjectDisposedException.ThrowIf(_isClosing, typeof(PostgresRecordStore));
            throw new StoreUnavailableException(StoreFailure.Overloaded, $"The store {_database.Name} is overloaded: {_options.MaxQueuedRecords} records wait to be written.");
        }

        TellWhenEnoughWait();
        try
        {
            return await request.Answer.WaitAsync(_options.Patience, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new StoreUnavailableException(StoreFailure.Slow, $"The store {_database.Name} is slow: no commit within {_options.Patience.TotalSeconds} s.", exception);
        }
    }

    /// <summary>Writes and answers what was queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        await _countTimer.DisposeAsync().ConfigureAwait(false);
        _ = _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        PutBatch? ahead = null;
        while (ahead is not null || await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            if ((ahead ?? TakePuts()) is PutBatch batch)
            {
                ahead = await CommitAsync(batch).ConfigureAwait(false);
            }
            else if (_queue.Reader.TryRead(out WriteRequest? request))
            {
                await WorkAsync(request).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The puts at the head of the queue; null when something else is there.</summary>
    private PutBatch? TakePuts()
    {
        List<PutRequest> puts = [];
        int records = 0;
        int bytes = 0;
        while (records < MaxBatchRecords && bytes < MaxBatchBytes && _queue.Reader.TryPeek(out WriteRequest? next) && next is PutRequest put)
        {
            _ = _queue.Reader.TryRead(out _);
            puts.Add(put);
            records += put.Records;
            bytes += put.Bytes;
        }

        return puts.Count == 0 ? null : new PutBatch(puts, _database, _options, _totals, _remover, _counter, _timeProvider);
    }

    /// <summary>Writes and answers a batch, while what waits behind it is read.</summary>
    /// <returns>The batch that comes next; null when none was read ahead.</returns>
    private async Task<PutBatch?> CommitAsync(PutBatch batch)
    {
        using CancellationTokenSource failed = new();
        TaskCompletionSource<bool> enoughWait = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _writtenRecords, batch.Requests.Sum(put => put.Records));
        Volatile.Write(ref _enoughWait, enoughWait);
        TellWhenEnoughWait();
        Task<PutBatch?> reading = ReadAheadAsync(batch, enoughWait.Task, failed.Token);
        StoreUnavailableException? failure = await WriteAsync(batch).ConfigureAwait(false);
        if (failure is not null)
        {
            await failed.CancelAsync().ConfigureAwait(false);
        }

        // What waits from now on is read in its turn.
        _ = enoughWait.TrySetResult(false);
        PutBatch? ahead = await reading.ConfigureAwait(false);
        if (failure is not null)
        {
            // Before anybody is answered: who tries again upon the answer is a new attempt and not one that waited.
            FailWaiting(failure, ahead?.Requests ?? []);
            ahead = null;
        }
        else if (batch.MadeRoom)
        {
            ahead?.Forget();
        }

        foreach (PutRequest put in batch.Requests)
        {
            Leave(put);
            put.Answered();
        }

        return ahead;
    }

#pragma warning disable CA1031 // Whatever went wrong is the waiters' answer: without one they would wait in vain, and the loop must go on.
    private async Task<PutBatch?> ReadAheadAsync(PutBatch before, Task<bool> enoughWait, CancellationToken cancellationToken)
    {
        if (!await enoughWait.ConfigureAwait(false))
        {
            return null;
        }

        PutBatch? batch = TakePuts();
        try
        {
            await (batch?.ReadAheadAsync(before, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It is read in its turn, and fails there if it must.
            batch?.Forget();
        }

        return batch;
    }

    /// <returns>The failure of those who wait behind it as well; null when there is none.</returns>
    private async Task<StoreUnavailableException?> WriteAsync(PutBatch batch)
    {
        try
        {
            for (int i = 0; i < MaxDoubtsAtOnce && _counter.HasDoubts; i++)
            {
                await _counter.CountNextSliceAsync().ConfigureAwait(false);
            }

            await batch.RunAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            foreach (PutRequest put in batch.Requests)
            {
                put.Failure = Failure(exception);
            }
        }

        return batch.Requests.All(put => put.Failure is not null) && batch.Requests[0].Failure is StoreUnavailableException failure && !SqlFailure.IsPartUnreachable(failure.InnerException)
            ? failure
            : null;
    }

    private async Task WorkAsync(WriteRequest request)
    {
        try
        {
            await ((IWork)request).RunAsync(_database).ConfigureAwait(false);
            Leave(request);
        }
        catch (Exception exception)
        {
            Leave(request);
            request.Fail(Failure(exception));
        }
    }
#pragma warning restore CA1031

    private StoreUnavailableException Failure(Exception exception) =>
        exception as StoreUnavailableException ?? new StoreUnavailableException(StoreFailure.Io, $"The store {_database.Name} failed: {exception.Message}", exception);

    private void FailWaiting(StoreUnavailableException failure, IReadOnlyList<PutRequest> readAhead)
    {
        foreach (PutRequest put in readAhead)
        {
            Leave(put);
            put.Fail(failure);
        }

        // Who queued behind a failure would only wait as long again for the same answer; who comes now finds an empty queue and is a new attempt.
        while (_queue.Reader.TryRead(out WriteRequest? waiting))
        {
            Leave(waiting);
            waiting.Fail(failure);
        }
    }

    private void TellWhenEnoughWait()
    {
        if (Volatile.Read(ref _queuedRecords) - Volatile.Read(ref _writtenRecords) >= MinAheadRecords)
        {
            _ = Volatile.Read(ref _enoughWait)?.TrySetResult(true);
        }
    }

    private void AskForCount()
    {
        if (!_queue.Writer.TryWrite(_countRequest) && !_isClosing)
        {
            SetCountTimer();
        }
    }

    private void SetCountTimer() => _ = _countTimer.Change(_options.CountInterval / Totals.Slices, Timeout.InfiniteTimeSpan);

    private void Leave(WriteRequest request)
    {
        _ = Interlocked.Add(ref _queuedRecords, -request.Records);
        _ = Interlocked.Add(ref _queuedBytes, -request.Bytes);
    }
}
