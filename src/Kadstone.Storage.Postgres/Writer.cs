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
        List<PutRequest> puts = [];
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            int records = 0;
            int bytes = 0;
            while (records < MaxBatchRecords && bytes < MaxBatchBytes && _queue.Reader.TryPeek(out WriteRequest? next) && next is PutRequest put)
            {
                _ = _queue.Reader.TryRead(out _);
                puts.Add(put);
                records += put.Records;
                bytes += put.Bytes;
            }

            if (puts.Count > 0)
            {
                await CommitAsync(puts).ConfigureAwait(false);
                puts.Clear();
            }
            else if (_queue.Reader.TryRead(out WriteRequest? request))
            {
                await WorkAsync(request).ConfigureAwait(false);
            }
        }
    }

#pragma warning disable CA1031 // Whatever went wrong is the waiters' answer: without one they would wait in vain, and the loop must go on.
    private async Task CommitAsync(List<PutRequest> puts)
    {
        try
        {
            for (int i = 0; i < MaxDoubtsAtOnce && _counter.HasDoubts; i++)
            {
                await _counter.CountNextSliceAsync().ConfigureAwait(false);
            }

            await new PutBatch(_database, _options, _totals, _remover, _counter, _timeProvider).RunAsync(puts).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            puts.ForEach(put => put.Failure = Failure(exception));
        }

        // Before anybody is answered: who tries again upon the answer is a new attempt and not one that waited.
        if (puts.TrueForAll(put => put.Failure is not null) && puts[0].Failure is StoreUnavailableException failure
            && !SqlFailure.IsPartUnreachable(failure.InnerException))
        {
            FailWaiting(failure);
        }

        puts.ForEach(put =>
        {
            Leave(put);
            put.Answered();
        });
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

    private void FailWaiting(StoreUnavailableException failure)
    {
        // Who queued behind a failure would only wait as long again for the same answer; who comes now finds an empty queue and is a new attempt.
        while (_queue.Reader.TryRead(out WriteRequest? waiting))
        {
            Leave(waiting);
            waiting.Fail(failure);
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
