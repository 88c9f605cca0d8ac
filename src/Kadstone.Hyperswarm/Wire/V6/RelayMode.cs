namespace Kadstone.Hyperswarm;

/// <summary>Who sends a message of PEER_HANDSHAKE or PEER_HOLEPUNCH to whom. Numbers beyond these are read, and not acted on.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js and lib/router.js.</remarks>
internal enum RelayMode : uint
{
    /// <summary>The client to a relay, or to the server itself.</summary>
    FromClient,

    /// <summary>The server to the relay that is to answer the client.</summary>
    FromServer,

    /// <summary>A relay to the server, or to a second relay.</summary>
    FromRelay,

    /// <summary>A second relay to the server.</summary>
    FromSecondRelay,

    /// <summary>The response to the client.</summary>
    Reply,
}
