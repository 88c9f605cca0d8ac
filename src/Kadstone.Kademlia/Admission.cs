namespace Kadstone.Kademlia;

/// <summary>The answer of a routing table to a contact offered to it.</summary>
/// <typeparam name="TContact">The contact type.</typeparam>
/// <param name="Kind">What became of the contact.</param>
/// <param name="HasDoubtful">Whether an entry of the full bucket should be checked now.</param>
/// <param name="Doubtful">That entry: the one silent longest. It counts as being checked from now on.</param>
public readonly record struct Admission<TContact>(AdmissionKind Kind, bool HasDoubtful, TContact Doubtful)
    where TContact : struct;
