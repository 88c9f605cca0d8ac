namespace Kadstone.Kademlia;

/// <summary>One entry of a routing table, as it is shown and saved.</summary>
/// <typeparam name="TContact">The contact type.</typeparam>
/// <param name="Contact">Who it is.</param>
/// <param name="Bucket">Its bucket: how many leading bits its key shares with ours.</param>
/// <param name="LastSeen">Its last sign of life.</param>
/// <param name="Failures">Requests in a row that it left unanswered.</param>
/// <param name="Added">When it first answered as an entry or as the replacement that became one.</param>
public readonly record struct TableEntry<TContact>(TContact Contact, int Bucket, Instant LastSeen, int Failures, Instant Added)
    where TContact : struct;
