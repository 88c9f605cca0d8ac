namespace Kadstone.Hyperswarm;

/// <summary>What became of a query with a commit.</summary>
/// <param name="Closest">The closest nodes that answered the query, nearest first: whom the commit went to, unless they gave no token.</param>
/// <param name="Stored">Commits that were answered without an error.</param>
/// <param name="Refused">Commits that were answered with one.</param>
/// <param name="Silent">Commits that were not answered.</param>
public sealed record RpcCommit(IReadOnlyList<RpcContact> Closest, int Stored, int Refused, int Silent);
