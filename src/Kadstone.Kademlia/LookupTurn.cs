namespace Kadstone.Kademlia;

/// <summary>One turn of a lookup: a request, or what came of it.</summary>
/// <typeparam name="TContact">The contact type of the network.</typeparam>
/// <param name="Kind">What happened.</param>
/// <param name="Contact">Who was asked.</param>
/// <param name="Hop">How many requests led here, this one included: 1 for a contact of our own table, 0 for a write after the lookup.</param>
/// <param name="At">When it happened.</param>
/// <param name="RoundTrip">How long the answer took; null when this is none.</param>
/// <param name="Closer">How many contacts the answer named.</param>
/// <param name="Values">How many values it brought: peers, providers, a record.</param>
public readonly record struct LookupTurn<TContact>(
    LookupTurnKind Kind, TContact Contact, int Hop, Instant At, TimeSpan? RoundTrip, int Closer, int Values)
    where TContact : struct
{
    /// <summary>The code of the error with which a write was refused, as the network's protocol numbers it; 0: none.</summary>
    public int Code { get; init; }
}
