namespace Kadstone.Kademlia;

/// <summary>A routing table at one moment, for people.</summary>
/// <typeparam name="TKey">The key type of the network.</typeparam>
/// <typeparam name="TContact">The contact type.</typeparam>
/// <param name="Self">Whose it is: its own key.</param>
/// <param name="At">The moment, on the same clock as the entries' times.</param>
/// <param name="Capacities">How many entries each bucket holds at most, down to the deepest in use.</param>
/// <param name="MaxFailures">So many failures in a row make an entry bad.</param>
/// <param name="DoubtfulAfter">After so long a silence an entry is doubtful.</param>
/// <param name="Entries">Every entry, nearest bucket last.</param>
public sealed record TableView<TKey, TContact>(
    TKey Self, Instant At, IReadOnlyList<int> Capacities, int MaxFailures, TimeSpan DoubtfulAfter, IReadOnlyList<TableEntry<TContact>> Entries)
    where TKey : struct, IKey<TKey>
    where TContact : struct;
