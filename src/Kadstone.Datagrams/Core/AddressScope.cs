namespace Kadstone.Datagrams;

/// <summary>Which addresses may be asked, kept and handed out.</summary>
public enum AddressScope
{
    /// <summary>Global unicast addresses only: the default.</summary>
    Public,

    /// <summary>Loopback, private and link-local ranges count as ordinary addresses: test networks and LANs.</summary>
    Private,
}

/// <summary>The address rules of <see cref="AddressScope"/>.</summary>
public static class AddressScopes
{
    /// <summary>Whether a contact at this endpoint may be asked, kept and handed out.</summary>
    /// <remarks>Port 0, 0/8, 224/3 (multicast, reserved, broadcast), ::, ff00::/8 and v4-mapped IPv6 are refused in every scope.</remarks>
    public static bool Allows(this AddressScope scope, UdpEndpoint endpoint)
    {
        if (endpoint.Port == 0)
        {
            return false;
        }

        if (endpoint.IsIPv4)
        {
            uint address = (uint)endpoint.AddressLow;
            uint first = address >> 24;
            return first != 0 && first < 224 && (scope == AddressScope.Private || !IsLocalIPv4(address));
        }

        ulong high = endpoint.AddressHigh;
        bool mappedOrUnspecified = high == 0 && (endpoint.AddressLow == 0 || endpoint.AddressLow >> 32 == 0xFFFF);
        bool multicast = high >> 56 == 0xFF;
        return !mappedOrUnspecified && !multicast && (scope == AddressScope.Private || !IsLocalIPv6(endpoint));
    }

    /// <summary>Whether the address is loopback, private or link-local; such addresses are exempt from BEP 42.</summary>
    public static bool IsLocal(UdpEndpoint endpoint) =>
        endpoint.IsIPv4 ? IsLocalIPv4((uint)endpoint.AddressLow) : IsLocalIPv6(endpoint);

    private static bool IsLocalIPv4(uint address) =>
        address >> 24 is 127 or 10                      // 127/8, 10/8
        || address >> 20 == 0xAC1                       // 172.16/12
        || address >> 16 is 0xC0A8 or 0xA9FE            // 192.168/16, 169.254/16
        || address >> 22 == 0x6440 >> 6;                // 100.64/10

    private static bool IsLocalIPv6(UdpEndpoint endpoint) =>
        (endpoint.AddressHigh == 0 && endpoint.AddressLow == 1)     // ::1
        || endpoint.AddressHigh >> 57 == 0xFC >> 1                  // fc00::/7
        || endpoint.AddressHigh >> 54 == 0xFE80 >> 6;               // fe80::/10
}
