namespace Kadstone.Hyperswarm;

/// <summary>What was asked.</summary>
public enum HyperTrafficKind
{
    /// <summary>Who is there.</summary>
    Lookup,

    /// <summary>To be listed; with a proof of the address.</summary>
    Announce,

    /// <summary>To be listed no more; with a proof of the address.</summary>
    Unannounce,
}
