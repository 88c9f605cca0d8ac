namespace Kadstone.Hyperswarm;

/// <summary>The commands of hyperdht. Numbers from 16 on are free for applications.</summary>
/// <remarks>npm hyperdht 6, lib/constants.js. The first two are served by every node, the others by persistent ones only.</remarks>
internal enum HyperCommand : uint
{
    /// <summary>The Noise handshake with a server, relayed by nodes that know it.</summary>
    PeerHandshake,

    /// <summary>The arrangements of hole punching, relayed likewise.</summary>
    PeerHolepunch,

    /// <summary>Who serves under this hash of a public key.</summary>
    FindPeer,

    /// <summary>Who announced this topic.</summary>
    Lookup,

    /// <summary>Stores a signed peer record under a topic.</summary>
    Announce,

    /// <summary>Removes one.</summary>
    Unannounce,

    /// <summary>Stores a signed value under the hash of its public key.</summary>
    MutablePut,

    /// <summary>Reads one.</summary>
    MutableGet,

    /// <summary>Stores a value under its hash.</summary>
    ImmutablePut,

    /// <summary>Reads one.</summary>
    ImmutableGet,

    /// <summary>Calls a plugin of the node by name.</summary>
    Plugin,
}
