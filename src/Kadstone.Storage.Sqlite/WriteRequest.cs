namespace Kadstone.Storage.Sqlite;

/// <summary>One call that waits for the writer: run inside a transaction, answered after its commit.</summary>
internal abstract class WriteRequest
{
    /// <summary>What it weighs in the queue and in a transaction.</summary>
    public abstract int Records { get; }

    /// <summary>The bytes of its keys and values.</summary>
    public virtual int Bytes => 0;

    /// <summary>Applies it to the open transaction. Runs again when that one failed before it ran: leaves no trace of itself elsewhere.</summary>
    public abstract void Run(WriteTransaction transaction);

    public abstract void Succeed();

    public abstract void Fail(StoreUnavailableException failure);
}

/// <summary>A request with an answer.</summary>
internal abstract class WriteRequest<TResult> : WriteRequest
{
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult? _result;

    public Task<TResult> Answer => _answer.Task;

    public sealed override void Run(WriteTransaction transaction) => _result = Apply(transaction);

    public sealed override void Succeed() => _answer.SetResult(_result ?? throw new InvalidOperationException("Succeeded before it ran."));

    public sealed override void Fail(StoreUnavailableException failure)
    {
        // Each waiter throws its own: one exception thrown in many places loses where.
        _answer.SetException(new StoreUnavailableException(failure.Reason, failure.Message, failure));

        // Who cancelled or lost patience does not look at the answer any more; that is no unobserved failure.
        _ = _answer.Task.Exception;
    }

    protected abstract TResult Apply(WriteTransaction transaction);
}

/// <summary>A batch of puts, copied from the caller's buffers.</summary>
internal sealed class PutRequest : WriteRequest<PutResult[]>
{
    private readonly RecordPut[] _puts;
    private readonly int[] _order;

    public PutRequest(IReadOnlyList<RecordPut> puts, int start, int count)
    {
        for (int i = start; i < start + count; i++)
        {
            Bytes += puts[i].Key.Length + puts[i].Record.Value.Length;
        }

        // One array for the whole batch.
        Memory<byte> free = new byte[Bytes];
        _puts = new RecordPut[count];
        for (int i = 0; i < count; i++)
        {
            RecordPut put = puts[start + i];
            _puts[i] = put with { Key = Copy(put.Key), Record = put.Record with { Value = Copy(put.Record.Value) } };
        }

        // In the order of the index the writer walks it once instead of jumping; puts of one key stay in the order given.
        _order = new int[count];
        for (int i = 0; i < count; i++)
        {
            _order[i] = i;
        }

        Array.Sort(_order, (left, right) =>
        {
            int shelves = _puts[left].Shelf.CompareTo(_puts[right].Shelf);
            int keys = shelves != 0 ? shelves : _puts[left].Key.Span.SequenceCompareTo(_puts[right].Key.Span);
            return keys != 0 ? keys : left.CompareTo(right);
        });

        ReadOnlyMemory<byte> Copy(ReadOnlyMemory<byte> bytes)
        {
            Memory<byte> copy = free[..bytes.Length];
            bytes.CopyTo(copy);
            free = free[bytes.Length..];
            return copy;
        }
    }

    public override int Records => _puts.Length;

    public override int Bytes { get; }

    protected override PutResult[] Apply(WriteTransaction transaction)
    {
        PutResult[] results = new PutResult[_puts.Length];
        foreach (int i in _order)
        {
            results[i] = transaction.Put(_puts[i]);
        }

        return results;
    }
}

/// <summary>One removal.</summary>
internal sealed class DeleteRequest(Shelf shelf, byte[] key) : WriteRequest<bool>
{
    public override int Records => 1;

    protected override bool Apply(WriteTransaction transaction) => transaction.Delete(shelf, key);
}

/// <summary>A bounded part of a sweep, so that puts get their turn between two of them.</summary>
internal sealed class SweepRequest(DateTimeOffset now) : WriteRequest<SweptPart>
{
    public const int PartSize = 1000;

    public override int Records => 1;

    protected override SweptPart Apply(WriteTransaction transaction) => transaction.Sweep(now, PartSize);
}
