namespace Kadstone.Daemon.V1.Answers;

internal sealed record RecordsAnswer(IReadOnlyList<ShelfCount> Shelves, IReadOnlyList<RecordAnswer> Records, string? Next);

internal sealed record ShelfCount(string Shelf, long Count);

internal sealed record RecordAnswer(string Shelf, string Key, int Bytes, long Sequence, DateTimeOffset Expires, bool IsOwn);

/// <param name="Shelf">Which shelf it is on.</param>
/// <param name="Key">Its key in hex.</param>
/// <param name="Bytes">How long its value is.</param>
/// <param name="Sequence">Its version; 0 where there are none.</param>
/// <param name="Expires">When it is forgotten.</param>
/// <param name="IsOwn">Whether we put it there for ourselves.</param>
/// <param name="Value">The bytes, as they lie there: at most 64 KiB, in base64.</param>
/// <param name="Text">The same where it is text.</param>
internal sealed record StoredValueAnswer(
    string Shelf, string Key, int Bytes, long Sequence, DateTimeOffset Expires, bool IsOwn, ReadOnlyMemory<byte> Value, string? Text);

internal sealed record DensityAnswer(IReadOnlyList<ShelfDensity> Shelves);

/// <param name="Shelf">Which shelf.</param>
/// <param name="Counts">256 counts, by the first byte of the point in the keyspace.</param>
/// <param name="IsSampled">Whether they are estimated from a part of the records.</param>
internal sealed record ShelfDensity(string Shelf, IReadOnlyList<long> Counts, bool IsSampled);
