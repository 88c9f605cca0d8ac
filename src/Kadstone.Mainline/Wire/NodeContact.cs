using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>A Mainline node: its id and its endpoint. Two contacts at one endpoint are the same node, whatever id they claim.</summary>
/// <param name="Id">The node id.</param>
/// <param name="Endpoint">The UDP endpoint.</param>
/// <remarks>BEP 5, "Contact Encoding"; BEP 32.</remarks>
public readonly record struct NodeContact(Key160 Id, UdpEndpoint Endpoint) : IContact<NodeContact, Key160>
{
    /// <summary>26: an id, an IPv4 address and a port.</summary>
    public const int CompactLengthIPv4 = 26;

    /// <summary>38: an id, an IPv6 address and a port.</summary>
    public const int CompactLengthIPv6 = 38;

    /// <inheritdoc/>
    public Key160 Key => Id;

    /// <inheritdoc/>
    public ulong Host => Endpoint.Host;

    /// <inheritdoc/>
    public ulong Prefix => Endpoint.Prefix;

    /// <summary>26 or 38: the bytes of the compact form.</summary>
    public int CompactLength => Key160.ByteLength + Endpoint.CompactLength;

    /// <summary>Reads the compact form: 26 bytes for IPv4, 38 for IPv6.</summary>
    /// <returns>False when there are neither 26 nor 38 bytes, or the address is v4-mapped. Ports and ranges are the business of <see cref="AddressScopes"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> compact, out NodeContact contact)
    {
        bool valid = compact.Length is CompactLengthIPv4 or CompactLengthIPv6;
        if (valid && UdpEndpoint.TryReadCompact(compact[Key160.ByteLength..], out UdpEndpoint endpoint) && !IsMapped(endpoint))
        {
            contact = new NodeContact(Key160.Read(compact), endpoint);
            return true;
        }

        contact = default;
        return false;
    }

    /// <summary>Writes the compact form and returns its length, 26 or 38.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int Write(Span<byte> destination)
    {
        Id.Write(destination);
        return Key160.ByteLength + Endpoint.WriteCompact(destination[Key160.ByteLength..]);
    }

    /// <summary>Whether the endpoints are the same.</summary>
    public bool Equals(NodeContact other) => Endpoint == other.Endpoint;

    /// <inheritdoc/>
    public override int GetHashCode() => Endpoint.GetHashCode();

    /// <summary>Whether this is an IPv4 address in the guise of IPv6, ::ffff:0:0/96: no node may be reached so.</summary>
    internal static bool IsMapped(UdpEndpoint endpoint) =>
        !endpoint.IsIPv4 && endpoint.AddressHigh == 0 && endpoint.AddressLow >> 32 == 0xFFFF;
}
