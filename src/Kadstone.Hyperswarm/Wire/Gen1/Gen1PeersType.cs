namespace Kadstone.Hyperswarm;

/// <summary>What a <c>peers</c> request wants.</summary>
internal enum Gen1PeersType : byte
{
    /// <summary>Peers.</summary>
    Lookup = 0,

    /// <summary>To be a peer, if it comes with a valid token; and peers.</summary>
    Announce = 1,

    /// <summary>To be a peer no more, if it comes with a valid token.</summary>
    Unannounce = 2,

    /// <summary>Anything above: answered like a lookup.</summary>
    Unknown = 3,
}
