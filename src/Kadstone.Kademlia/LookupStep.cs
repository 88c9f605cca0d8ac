namespace Kadstone.Kademlia;

/// <summary>One request of a node lookup.</summary>
/// <typeparam name="TContact">The contact type.</typeparam>
/// <param name="Contact">Who was asked.</param>
/// <param name="IntroducedBy">The index of the step whose answer named it; -1 for a seed.</param>
/// <param name="Hop">How many requests led here, this one included: 1 for a seed.</param>
/// <param name="AskedAt">When it was asked.</param>
/// <param name="AnsweredAt">When it answered, if it did.</param>
/// <param name="State">Where it stands.</param>
public readonly record struct LookupStep<TContact>(
    TContact Contact, int IntroducedBy, int Hop, Instant AskedAt, Instant? AnsweredAt, LookupStepState State)
    where TContact : struct;
