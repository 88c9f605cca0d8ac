namespace Kadstone.Kademlia;

/// <summary>Where a request of a node lookup stands.</summary>
public enum LookupStepState
{
    /// <summary>Asked, and within patience.</summary>
    Asked,

    /// <summary>Asked, silent beyond patience; an answer is still welcome.</summary>
    Late,

    /// <summary>Answered.</summary>
    Answered,

    /// <summary>Failed: timed out for good, answered with an error, or answered under another key.</summary>
    Failed,
}
