namespace Kadstone.Storage;

/// <summary>The rule of a put, in one place for all stores. Caps are not its business.</summary>
internal static class PutRule
{
    /// <summary>What a put of <paramref name="record"/> gives where nothing visible stands.</summary>
    public static PutResult OnEmpty(StoredRecord record, DateTimeOffset now) =>
        record.Expires <= now ? PutResult.Stale : PutResult.Stored;

    /// <summary>What a put of <paramref name="record"/> gives where a visible record stands.</summary>
    public static PutResult OnStored(long storedSequence, ReadOnlySpan<byte> storedValue, StoredRecord record, long? expectedSequence, DateTimeOffset now)
    {
        // BEP 44, "CAS": the comparison comes before the check of seq, and only where something is stored.
        if (expectedSequence is long expected && expected != storedSequence)
        {
            return PutResult.Conflict;
        }

        if (record.Expires <= now || record.Sequence < storedSequence)
        {
            return PutResult.Stale;
        }

        // BEP 44: "if the sequence number is equal, and the value is also the same, the node SHOULD reset its timeout counter"; another value is rejected.
        return record.Sequence > storedSequence || record.Value.Span.SequenceEqual(storedValue) ? PutResult.Stored : PutResult.Stale;
    }
}
