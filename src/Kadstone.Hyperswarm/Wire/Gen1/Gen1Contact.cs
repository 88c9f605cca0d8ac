using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>A node of generation 1: the id that it chose, and its endpoint. Two contacts at one endpoint are the same node, whatever id they claim.</summary>
/// <param name="Id">The node id: 32 bytes that the node is free to choose, unlike today's.</param>
/// <param name="Endpoint">The UDP endpoint, always IPv4.</param>
/// <remarks>dht-rpc 2.3.0: an entry of ipv4-peers with an id.</remarks>
internal readonly record struct Gen1Contact(Key256 Id, UdpEndpoint Endpoint) : IContact<Gen1Contact, Key256>
{
    /// <summary>38: an id, an IPv4 address and a port in network byte order.</summary>
    public const int CompactLength = 38;

    /// <inheritdoc/>
    public Key256 Key => Id;

    /// <inheritdoc/>
    public ulong Host => Endpoint.Host;

    /// <inheritdoc/>
    public ulong Prefix => Endpoint.Prefix;

    /// <summary>Reads an entry.</summary>
    /// <returns>False when there are not 38 bytes, or the port is 0: the generation refuses such. Ranges are the business of <see cref="AddressScopes"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> compact, out Gen1Contact contact)
    {
        if (compact.Length == CompactLength && UdpEndpoint.TryReadCompact(compact[Key256.ByteLength..], out UdpEndpoint endpoint) && endpoint.Port != 0)
        {
            contact = new Gen1Contact(Key256.Read(compact), endpoint);
            return true;
        }

        contact = default;
        return false;
    }

    /// <summary>Writes the entry and returns its length, 38.</summary>
    /// <exception cref="ArgumentException">The destination is too short, or the endpoint is not IPv4.</exception>
    public int Write(Span<byte> destination)
    {
        if (!Endpoint.IsIPv4 || destination.Length < CompactLength)
        {
            throw new ArgumentException("An entry needs 38 bytes and an IPv4 endpoint.", nameof(destination));
        }

        Id.Write(destination);
        return Key256.ByteLength + Endpoint.WriteCompact(destination[Key256.ByteLength..]);
    }

    /// <summary>Whether the endpoints are the same.</summary>
    public bool Equals(Gen1Contact other) => Endpoint == other.Endpoint;

    /// <inheritdoc/>
    public override int GetHashCode() => Endpoint.GetHashCode();
}
