namespace Kadstone.Libp2p;

/// <summary>How far a decoder came in bytes of which more may follow.</summary>
public enum WireProgress
{
    /// <summary>The bytes so far may become a value.</summary>
    Incomplete,

    /// <summary>A value is there.</summary>
    Complete,

    /// <summary>No bytes that follow can make a value of these.</summary>
    Malformed,
}
