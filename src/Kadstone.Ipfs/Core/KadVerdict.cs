namespace Kadstone.Ipfs.Core;

/// <summary>What a request of another comes to.</summary>
internal enum KadVerdict
{
    /// <summary>There is an answer.</summary>
    Answered,

    /// <summary>It was taken, and nobody answers such a request.</summary>
    Silent,

    /// <summary>It is wrong: its stream is reset.</summary>
    Refused,

    /// <summary>The answer names closer peers; the value is for the store to read.</summary>
    ReadsValue,

    /// <summary>The value is for the store to write.</summary>
    WritesValue,
}
