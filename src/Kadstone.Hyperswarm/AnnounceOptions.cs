using System.Net;

namespace Kadstone.Hyperswarm;

/// <summary>As what we announce ourselves; an unannounce takes the same.</summary>
public sealed record AnnounceOptions
{
    /// <summary>The port that peers find; null, the default, is the UDP source port that nodes see.</summary>
    public int? Port { get; init; }

    /// <summary>Our address in the local network: told to those who share its first two octets. Null, the default: none.</summary>
    public IPEndPoint? LocalAddress { get; init; }

    /// <summary>Today's wire: the 32-byte Ed25519 seed of the key pair that signs. Null, the default, is the node's own key pair.</summary>
    public ReadOnlyMemory<byte>? Seed { get; init; }

    /// <summary>How the query goes; null: all defaults.</summary>
    public RpcQueryOptions? Query { get; init; }
}
