namespace Kadstone.Storage;

/// <summary>What became of a put.</summary>
public enum PutResult
{
    /// <summary>No result; no store returns it.</summary>
    None = 0,

    /// <summary>The record stands there now (in a durable store: on disk). Also when the same value stood there already: then its expiry was refreshed.</summary>
    Stored = 1,

    /// <summary>What stands there stays: it has a higher sequence, or the same sequence and another value; or the given record had expired before it came.</summary>
    Stale = 2,

    /// <summary>What stands there has not the expected sequence. Checked before staleness, and only when something stands there.</summary>
    Conflict = 3,

    /// <summary>The shelf or the store is at its cap, and nothing on it has expired. Replacing a record with one no larger is never refused for this.</summary>
    Full = 4,
}
