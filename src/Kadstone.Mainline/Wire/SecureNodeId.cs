using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>Node ids that follow from the node's IP address, so that nobody chooses where to stand.</summary>
/// <remarks>
/// BEP 42. 21 bits of the id are fixed by the address and 3 bits of chance. The text says that 8 bytes are hashed;
/// for IPv4 its own table and all deployed code hash 4.
/// </remarks>
public static class SecureNodeId
{
    private const uint MaskIPv4 = 0x030f3fff;
    private const ulong MaskIPv6 = 0x0103070f1f3f7fff;
    private const uint CheckedBits = 0xfffff800;

    /// <summary>Makes an id that is valid for an external address. The port does not matter.</summary>
    /// <param name="external">Our endpoint as others see it.</param>
    /// <param name="chance">The source of the free bits.</param>
    public static Key160 Create(UdpEndpoint external, Random chance)
    {
        ArgumentNullException.ThrowIfNull(chance);
        Span<byte> id = stackalloc byte[Key160.ByteLength];
        chance.NextBytes(id);
        uint prefix = Prefix(external, id[19]) & CheckedBits;
        uint free = BinaryPrimitives.ReadUInt32BigEndian(id) & ~CheckedBits;
        BinaryPrimitives.WriteUInt32BigEndian(id, prefix | free);
        return Key160.Read(id);
    }

    /// <summary>Whether a node at this address may have this id. Always for local addresses: they are exempt.</summary>
    public static bool IsValid(in Key160 id, UdpEndpoint endpoint) =>
        AddressScopes.IsLocal(endpoint)
        || (((uint)(id.High >> 32) ^ Prefix(endpoint, (byte)id.Low)) & CheckedBits) == 0;

    /// <summary>The checksum whose first 21 bits an id shares that ends in <paramref name="last"/>.</summary>
    internal static uint Prefix(UdpEndpoint endpoint, byte last)
    {
        ulong chance = (ulong)last & 7;
        Span<byte> masked = stackalloc byte[8];
        if (endpoint.IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(masked, ((uint)endpoint.AddressLow & MaskIPv4) | (uint)chance << 29);
            return Crc32C.Hash(masked[..4]);
        }

        BinaryPrimitives.WriteUInt64BigEndian(masked, (endpoint.AddressHigh & MaskIPv6) | chance << 61);
        return Crc32C.Hash(masked);
    }
}
