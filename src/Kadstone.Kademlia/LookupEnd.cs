namespace Kadstone.Kademlia;

/// <summary>Whether and why a node lookup ended.</summary>
public enum LookupEnd
{
    /// <summary>It has not ended.</summary>
    Running,

    /// <summary>The nearest contacts have all answered: the regular end.</summary>
    Quorum,

    /// <summary>Nobody is left to ask. In a network smaller than the quorum this is the regular end.</summary>
    Exhausted,

    /// <summary>It used up its requests.</summary>
    RequestLimit,

    /// <summary>The caller stopped it.</summary>
    Stopped,
}
