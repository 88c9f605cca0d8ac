using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>One call that waits for the writer.</summary>
internal abstract class WriteRequest
{
    /// <summary>What it weighs in the queue and in a batch.</summary>
    public abstract int Records { get; }

    /// <summary>The bytes of its keys and values.</summary>
    public virtual int Bytes => 0;

    public abstract void Fail(StoreUnavailableException failure);
}

/// <summary>A request with an answer.</summary>
internal abstract class WriteRequest<TResult> : WriteRequest
{
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Answer => _answer.Task;

    public sealed override void Fail(StoreUnavailableException failure)
    {
        // Each waiter throws its own: one exception thrown in many places loses where.
        _answer.SetException(new StoreUnavailableException(failure.Reason, failure.Message, failure));

        // Who cancelled or lost patience does not look at the answer any more; that is no unobserved failure.
        _ = _answer.Task.Exception;
    }

    protected void Succeed(TResult result) => _answer.SetResult(result);
}

/// <summary>A batch of puts, copied from the caller's buffers.</summary>
internal sealed class PutRequest : WriteRequest<PutResult[]>
{
    public PutRequest(IReadOnlyList<RecordPut> puts, int start, int count)
    {
        Puts = new RecordPut[count];
        Results = new PutResult[count];
        for (int i = 0; i < count; i++)
        {
            RecordPut put = puts[start + i];
            Puts[i] = put with { Key = put.Key.ToArray(), Record = put.Record with { Value = put.Record.Value.ToArray() } };
            Bytes += put.Key.Length + put.Record.Value.Length;
        }
    }

    public RecordPut[] Puts { get; }

    public PutResult[] Results { get; }

    /// <summary>The first failure among its puts; the others may have been stored.</summary>
    public StoreUnavailableException? Failure { get; set; }

    public override int Records => Puts.Length;

    public override int Bytes { get; }

    public void Answered()
    {
        if (Failure is StoreUnavailableException failure)
        {
            Fail(failure);
        }
        else
        {
            Succeed(Results);
        }
    }
}

/// <summary>A request that has a transaction of its own.</summary>
internal sealed class WorkRequest<TResult>(Func<NpgsqlConnection, CancellationToken, Task<TResult>> work) : WriteRequest<TResult>, IWork
{
    public override int Records => 1;

    public async Task RunAsync(Database database) => Succeed(await database.RunAsync(work, CancellationToken.None).ConfigureAwait(false));
}

/// <summary>The slice of the keys that is to be counted next. Nobody waits for it, and it weighs nothing.</summary>
/// <param name="counter">Counts.</param>
/// <param name="onLeft">Called when the request leaves the queue: time for the next runs from there, so that a store that stalls has one of them and not a hundred.</param>
internal sealed class CountRequest(Counter counter, Action onLeft) : WriteRequest, IWork
{
    public override int Records => 0;

    public Task RunAsync(Database database)
    {
        onLeft();
        return counter.CountNextSliceAsync();
    }

    public override void Fail(StoreUnavailableException failure) => onLeft();
}

/// <summary>What the writer does between two batches.</summary>
internal interface IWork
{
    Task RunAsync(Database database);
}
