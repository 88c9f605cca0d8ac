namespace Kadstone.Ipfs;

/// <summary>What an IPNS name leads to.</summary>
/// <param name="Name">Whose name.</param>
/// <param name="Path">Where it leads, such as <c>/ipfs/bafy…</c>.</param>
/// <param name="Sequence">The record's number.</param>
/// <param name="Validity">Until when the record is valid.</param>
/// <param name="TimeToLive">How long the answer may be kept.</param>
public sealed record IpnsName(PeerId Name, string Path, ulong Sequence, DateTimeOffset Validity, TimeSpan TimeToLive)
{
    /// <summary>What became of putting it; null where it was resolved.</summary>
    public PutOutcome? Put { get; init; }

    /// <summary>Whether the node signs it anew before it ends. False where it was resolved, where it is not kept, and where its key was lent for this one record.</summary>
    public bool IsRenewed { get; init; }
}
