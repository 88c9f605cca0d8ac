namespace Kadstone.Kademlia;

/// <summary>A contact that a node lookup knows of.</summary>
internal struct Candidate<TKey, TContact>
    where TKey : struct, IKey<TKey>
    where TContact : struct, IContact<TContact, TKey>
{
    public TContact Contact;

    public TKey Distance;

    /// <summary>The step whose answer named it; -1 for a seed.</summary>
    public int IntroducedBy;

    /// <summary>Its own step once asked; -1 before.</summary>
    public int Step;

    public CandidateState State;

    public Instant AskedAt;

    public readonly bool IsOpen => State is CandidateState.Asked or CandidateState.Late;
}
