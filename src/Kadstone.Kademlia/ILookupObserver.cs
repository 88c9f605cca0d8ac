namespace Kadstone.Kademlia;

/// <summary>Hears of the lookups of a node as they begin.</summary>
/// <typeparam name="TContact">The contact type of the network.</typeparam>
/// <remarks>Called under the node's lock, on the thread of whoever began the lookup: it takes a note and returns.</remarks>
public interface ILookupObserver<TContact>
    where TContact : struct
{
    /// <summary>A lookup begins.</summary>
    /// <returns>Who hears how it goes; null: nobody.</returns>
    ILookupListener<TContact>? Began(LookupBeginning beginning, Instant now);
}
