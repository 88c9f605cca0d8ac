namespace Kadstone.Hyperswarm;

/// <summary>The commands of dht-rpc itself, told from others' by a flag of the request.</summary>
/// <remarks>npm dht-rpc 6, lib/commands.js.</remarks>
internal enum RpcInternalCommand : uint
{
    /// <summary>Answered by nothing but the sender's id.</summary>
    Ping,

    /// <summary>Answered to another port of the requester, which the value names.</summary>
    PingNat,

    /// <summary>Answered by the closest nodes to the target; without a target not at all.</summary>
    FindNode,

    /// <summary>The value names a node that seems down; always answered.</summary>
    DownHint,

    /// <summary>Answered after the milliseconds of the value.</summary>
    DelayedPing,
}
