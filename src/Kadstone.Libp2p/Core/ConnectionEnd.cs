namespace Kadstone.Libp2p.Core;

/// <summary>Why a connection is over: a count of the host's has one of these.</summary>
internal enum ConnectionEnd
{
    /// <summary>We wanted it so.</summary>
    Closed,

    /// <summary>The other side ended it.</summary>
    ClosedByPeer,

    /// <summary>Bytes that no implementation sends.</summary>
    Malformed,

    /// <summary>No security or muxer that both sides speak.</summary>
    NothingInCommon,

    /// <summary>Another peer than the one that was dialed.</summary>
    AnotherPeer,

    /// <summary>The identity is not proved by its signature.</summary>
    Unproved,

    /// <summary>The handshake took too long.</summary>
    HandshakeTimeout,

    /// <summary>A ping was not answered.</summary>
    Silent,

    /// <summary>More streams, resets or pings than any honest peer needs, or answers that it does not read.</summary>
    OverBudget,
}
