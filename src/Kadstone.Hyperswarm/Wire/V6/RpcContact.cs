using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>A node of today's Hyperswarm: its id and its endpoint. The id follows from the endpoint, so that nobody chooses where it stands.</summary>
/// <param name="Id">The node id: BLAKE2b-256 of the 6 bytes of the endpoint.</param>
/// <param name="Endpoint">The UDP endpoint, IPv4.</param>
/// <remarks>npm dht-rpc 6, lib/peer.js. Packets name nodes by endpoint alone; two contacts at one endpoint are the same node.</remarks>
public readonly record struct RpcContact(Key256 Id, UdpEndpoint Endpoint) : IContact<RpcContact, Key256>
{
    /// <inheritdoc/>
    public Key256 Key => Id;

    /// <inheritdoc/>
    public ulong Host => Endpoint.Host;

    /// <inheritdoc/>
    public ulong Prefix => Endpoint.Prefix;

    /// <summary>The contact at an endpoint.</summary>
    /// <exception cref="ArgumentException">The endpoint is not IPv4: this network has no other.</exception>
    public static RpcContact FromEndpoint(UdpEndpoint endpoint)
    {
        Span<byte> preimage = stackalloc byte[CompactReader.EndpointLength];
        RpcEndpoints.Write(preimage, endpoint);
        return new RpcContact(HyperHash.Of(preimage), endpoint);
    }

    /// <summary>Whether the endpoints are the same.</summary>
    public bool Equals(RpcContact other) => Endpoint == other.Endpoint;

    /// <inheritdoc/>
    public override int GetHashCode() => Endpoint.GetHashCode();
}
