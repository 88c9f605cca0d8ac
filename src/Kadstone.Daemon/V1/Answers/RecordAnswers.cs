namespace Kadstone.Daemon.V1.Answers;

internal sealed record RecordsAnswer(IReadOnlyList<ShelfCount> Shelves, IReadOnlyList<RecordAnswer> Records, string? Next);

internal sealed record ShelfCount(string Shelf, long Count);

internal sealed record RecordAnswer(string Shelf, string Key, int Bytes, long Sequence, DateTimeOffset Expires, bool IsOwn);

internal sealed record DensityAnswer(IReadOnlyList<ShelfDensity> Shelves);

/// <param name="Shelf">Which shelf.</param>
/// <param name="Counts">256 counts, by the first byte of the point in the keyspace.</param>
/// <param name="IsSampled">Whether they are estimated from a part of the records.</param>
internal sealed record ShelfDensity(string Shelf, IReadOnlyList<long> Counts, bool IsSampled);
