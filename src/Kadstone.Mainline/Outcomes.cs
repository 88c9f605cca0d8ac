namespace Kadstone.Mainline;

/// <summary>What became of the requests of a lookup.</summary>
/// <param name="Asked">Nodes that were asked.</param>
/// <param name="Answered">Nodes that answered.</param>
/// <param name="Silent">Nodes that did not answer, or not in time.</param>
/// <param name="Refused">Nodes that answered with an error.</param>
public readonly record struct LookupOutcome(int Asked, int Answered, int Silent, int Refused);

/// <summary>What became of the writes after a lookup. How many are enough is the caller's decision.</summary>
/// <param name="Stored">Nodes that acknowledged the write.</param>
/// <param name="Refused">Nodes that answered with an error.</param>
/// <param name="Silent">Nodes that did not answer.</param>
/// <param name="ErrorCode">The last KRPC error code of a refusal, such as 302 for a sequence number that is not newer; 0 when there was none.</param>
public readonly record struct CommitOutcome(int Stored, int Refused, int Silent, int ErrorCode);
