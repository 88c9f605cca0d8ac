namespace Kadstone.Kademlia;

/// <summary>Hears how one lookup goes.</summary>
/// <typeparam name="TContact">The contact type of the network.</typeparam>
/// <remarks>Called under the node's lock: it takes a note and returns. What it throws would be the node's trouble.</remarks>
public interface ILookupListener<TContact>
    where TContact : struct
{
    /// <summary>Somebody was asked, or something came of it. Writes follow the end of the lookup, or run beside its last questions.</summary>
    void Turned(in LookupTurn<TContact> turn);

    /// <summary>The lookup ended. One that was <see cref="LookupEnd.Exhausted"/> may go on when others come to be known, and then ends once more.</summary>
    /// <param name="end">Why.</param>
    /// <param name="closest">The closest contacts that answered, nearest first.</param>
    void Ended(LookupEnd end, IReadOnlyList<TContact> closest);
}
