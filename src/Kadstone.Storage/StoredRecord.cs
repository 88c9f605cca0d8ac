namespace Kadstone.Storage;

/// <summary>What stands under a key: bytes whose meaning only their network knows, and what the store needs to keep order among them.</summary>
/// <param name="Value">The bytes, at most <see cref="RecordLimits.MaxValueLength"/>. A store copies them before it returns.</param>
/// <param name="Sequence">The version: a higher one replaces a lower one. 0 where a value never changes. Networks with unsigned sequences above <see cref="long.MaxValue"/> saturate.</param>
/// <param name="Expires">From this instant on the record is invisible and may be removed.</param>
/// <param name="StoredAt">When the writer wrote or refreshed it, as the writer says.</param>
/// <remarks>Times are kept to the microsecond or finer, as UTC. Two records are equal when their bytes and the other three are.</remarks>
public sealed record StoredRecord(ReadOnlyMemory<byte> Value, long Sequence, DateTimeOffset Expires, DateTimeOffset StoredAt)
{
    /// <inheritdoc/>
    public bool Equals(StoredRecord? other) =>
        other is not null && Sequence == other.Sequence && Expires == other.Expires && StoredAt == other.StoredAt
        && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Value.Length, Sequence, Expires, StoredAt);
}

/// <summary>A record and the key it stands under: one row of a listing.</summary>
/// <param name="Key">The key.</param>
/// <param name="Record">The record.</param>
public readonly record struct KeyedRecord(ReadOnlyMemory<byte> Key, StoredRecord Record);

/// <summary>One put of a batch.</summary>
/// <param name="Shelf">The shelf.</param>
/// <param name="Key">The key, at most <see cref="RecordLimits.MaxKeyLength"/> bytes.</param>
/// <param name="Record">The record.</param>
/// <param name="ExpectedSequence">If given and a record stands there with another sequence, the put is a <see cref="PutResult.Conflict"/>.</param>
public readonly record struct RecordPut(Shelf Shelf, ReadOnlyMemory<byte> Key, StoredRecord Record, long? ExpectedSequence = null);
