using System.Net;

namespace Kadstone.Ipfs.Core;

/// <summary>Which addresses a DHT keeps of a peer and hands on: also those that we cannot dial ourselves.</summary>
internal static class AddressFilter
{
    /// <summary>16: the most addresses that are kept of one peer.</summary>
    public const int MaxKept = 16;

    public static Multiaddr[] Kept(this AddressPolicy policy, IReadOnlyList<Multiaddr> addresses) =>
        [.. addresses.Where(address => policy.Keeps(address)).Distinct().Take(MaxKept)];

    public static bool CanDial(this AddressPolicy policy, IReadOnlyList<Multiaddr> addresses) => addresses.Any(address => policy.Allows(address));

    private static bool Keeps(this AddressPolicy policy, Multiaddr address)
    {
        if (address.Components is not [MultiaddrComponent first, ..])
        {
            return false;
        }

        // The port stands behind, in whatever transport: any but 0 will do for the question whether the IP address may be told.
        return first.Protocol is MultiaddrProtocol.Ip4 or MultiaddrProtocol.Ip6
            ? policy.Allows(new IPEndPoint(new IPAddress(first.Value.Span), 1))
            : policy != AddressPolicy.Lan;
    }
}
