namespace Kadstone.Daemon.V1.Answers;

internal sealed record TableAnswer(string? Id, string Keyspace, int Size, IReadOnlyList<BucketAnswer> Buckets);

internal sealed record BucketAnswer(int Index, int Capacity, IReadOnlyList<EntryAnswer> Contacts);

/// <param name="Id">Its id as users write it.</param>
/// <param name="Keyspace">The same as a point of the keyspace, in hex.</param>
/// <param name="Address">Where it is.</param>
/// <param name="State">good, doubtful or bad.</param>
/// <param name="RttMs">Of its last answer in a lookup; null: none lately.</param>
/// <param name="LastSeenSeconds">Since its last sign of life.</param>
/// <param name="Agent">What it says that it is; null: it does not.</param>
internal sealed record EntryAnswer(string Id, string Keyspace, string Address, string State, double? RttMs, double? LastSeenSeconds, string? Agent);
