using System.Net;

namespace Kadstone.Libp2p;

/// <summary>The address rules of <see cref="AddressPolicy"/>.</summary>
public static class AddressRules
{
    /// <summary>Whether an address may be dialed. Port 0, 0/8, multicast, reserved and unspecified addresses may not under any policy.</summary>
    public static bool Allows(this AddressPolicy policy, IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        IPAddress address = endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : endpoint.Address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        bytes = bytes[..length];
        bool isDialable = endpoint.Port != 0 && (length == 4 ? bytes[0] is not 0 and < 224 : bytes[0] != 0xFF && !address.Equals(IPAddress.IPv6Any));
        return isDialable && (policy == AddressPolicy.Any || IsLocal(bytes) == (policy == AddressPolicy.Lan));
    }

    /// <summary>Whether an address may be told to others, and dialed when they tell it. A name may: what it resolves to is asked again.</summary>
    public static bool Allows(this AddressPolicy policy, Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.TryGetTcpEndpoint(out IPEndPoint? endpoint) ? policy.Allows(endpoint) : address.TryGetTcpName(out _, out int port) && port != 0;
    }

    private static bool IsLocal(ReadOnlySpan<byte> address) => address.Length == 4
        ? address[0] is 10 or 127
            || (address[0] == 172 && address[1] >> 4 == 1)
            || (address[0] == 192 && address[1] == 168)
            || (address[0] == 169 && address[1] == 254)
            || (address[0] == 100 && address[1] >> 6 == 1)
        : (address[0] & 0xFE) == 0xFC
            || (address[0] == 0xFE && (address[1] & 0xC0) == 0x80)
            || (address[..15].IndexOfAnyExcept((byte)0) < 0 && address[15] == 1);
}
