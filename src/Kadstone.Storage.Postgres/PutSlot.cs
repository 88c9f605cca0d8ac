namespace Kadstone.Storage.Postgres;

/// <summary>The puts of a batch that go to one key of a shelf, in their order: what stands there, what will, and what each put gives.</summary>
internal sealed class PutSlot(Shelf shelf, byte[] key)
{
    // Longer than any value, so equal to none.
    private static readonly byte[] s_unlikeAny = new byte[RecordLimits.MaxValueLength + 1];

    private readonly List<(PutRequest Request, int Index)> _puts = [];
    private Row? _row;
    private long _countedBytes;
    private bool _isReadAhead;

    public Shelf Shelf => shelf;

    public byte[] Key => key;

    /// <summary>What is to be written; null when every put was refused.</summary>
    public StoredRecord? Next { get; private set; }

    /// <summary>By how much the shelf grew if what was sent is written; null when nothing is on its way.</summary>
    public (int Records, long Bytes)? Sent { get; private set; }

    /// <summary>The revision that <see cref="Next"/> replaces; 0 for none.</summary>
    public long Replaces => _row?.Revision ?? 0;

    /// <summary>By how many records and bytes the shelf grows when <see cref="Next"/> is written.</summary>
    public (int Records, long Bytes) Growth => Next is null ? default : (_row is null ? 1 : 0, BytesOf(Next) - (_row is null ? 0 : _countedBytes));

    /// <summary>Whether what was sent is there, although no answer said so: the row that was read carries this revision, or replaced one that did.</summary>
    public bool IsWrittenAs(long revision) => Sent is not null && _row is Row row && (row.Revision == revision || row.Replaced == revision);

    public void Add(PutRequest request, int index) => _puts.Add((request, index));

    public void Send() => Sent = Growth;

    public void Forget() => (_row, _isReadAhead) = (null, false);

    /// <summary>What was read, be it nothing, is good for one decision.</summary>
    public void KeepRead() => _isReadAhead = true;

    /// <summary>Whether it was read ahead; the next decision has to read again.</summary>
    public bool TakeReadAhead()
    {
        bool isReadAhead = _isReadAhead;
        _isReadAhead = false;
        return isReadAhead;
    }

    public void Read(byte[] value, long sequence, DateTimeOffset expires, long revision, long replaced)
    {
        // Only a put of the same sequence is compared with the value: the rest of a large batch's values need not stay in memory.
        bool isCompared = _puts.Exists(put => PutOf(put).Record.Sequence == sequence && PutOf(put).Record.Value.Length == value.Length);
        _row = new Row(isCompared ? value : s_unlikeAny, sequence, expires, revision, replaced);
        _countedBytes = Totals.RecordBytes(key.Length, value.Length);
    }

    /// <summary>Applies the puts to what was read; the last that is stored is written.</summary>
    /// <param name="room">What the store still takes of this shelf, after the slots before this one.</param>
    /// <param name="now">The store's time.</param>
    /// <returns>Whether a put was refused for want of room.</returns>
    public bool Apply(in Room room, DateTimeOffset now)
    {
        Sent = null;
        Next = null;
        bool isFull = false;
        foreach ((PutRequest request, int index) in _puts)
        {
            RecordPut put = request.Puts[index];
            PutResult result = Rule(put, now);
            if (result == PutResult.Stored)
            {
                StoredRecord? before = Next;
                long bytesBefore = Growth.Bytes;
                Next = put.Record;
                if (!room.Takes(Growth.Records, Growth.Bytes, isLarger: Growth.Bytes > bytesBefore))
                {
                    Next = before;
                    result = PutResult.Full;
                    isFull = true;
                }
            }

            request.Results[index] = result;
        }

        return isFull;
    }

    public void Fail(StoreUnavailableException failure) => _puts.ForEach(put => put.Request.Failure ??= failure);

    private PutResult Rule(in RecordPut put, DateTimeOffset now)
    {
        if (Next is StoredRecord next)
        {
            return PutRule.OnStored(next.Sequence, next.Value.Span, put.Record, put.ExpectedSequence, now);
        }

        return _row is Row row && row.Expires > now
            ? PutRule.OnStored(row.Sequence, row.Value, put.Record, put.ExpectedSequence, now)
            : PutRule.OnEmpty(put.Record, now);
    }

    private long BytesOf(StoredRecord record) => Totals.RecordBytes(key.Length, record.Value.Length);

    private static RecordPut PutOf((PutRequest Request, int Index) put) => put.Request.Puts[put.Index];

    private sealed record Row(byte[] Value, long Sequence, DateTimeOffset Expires, long Revision, long Replaced);
}

/// <summary>So many more records of a shelf, and bytes of the store.</summary>
internal readonly record struct Room(long Records, long Bytes)
{
    /// <summary>Replacing a record with one no larger is never refused.</summary>
    public bool Takes(int records, long bytes, bool isLarger) => (records == 0 || records <= Records) && (!isLarger || bytes <= Bytes);
}
