using System.Runtime.InteropServices;

namespace Kadstone.Datagrams;

/// <summary>A hash of endpoints under random keys, so that strangers cannot choose who shares a slot with whom.</summary>
/// <remarks>Two folded 64 x 64-bit multiplications, as wyhash does it: 2 ns where SipHash costs 15. Not a MAC: tokens use SipHash.</remarks>
internal readonly struct KeyedHash
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly ulong _first;
    private readonly ulong _second;

    public KeyedHash(Random chance)
    {
        Span<ulong> keys = stackalloc ulong[4];
        chance.NextBytes(MemoryMarshal.AsBytes(keys));
        _high = keys[0];
        _low = keys[1];
        _first = keys[2];
        _second = keys[3];
    }

    /// <summary>One value for all endpoints of an address.</summary>
    public ulong OfHost(UdpEndpoint endpoint) =>
        Fold((endpoint.IsIPv4 ? ulong.MaxValue : endpoint.AddressHigh) ^ _high, endpoint.AddressLow ^ _low);

    /// <summary>One value for all endpoints of a /24 or /64.</summary>
    public ulong OfPrefix(UdpEndpoint endpoint) => Fold(endpoint.Prefix ^ _second, _first);

    /// <summary>The value of an endpoint.</summary>
    public ulong OfEndpoint(UdpEndpoint endpoint) => With(OfHost(endpoint), endpoint.Port);

    /// <summary>A hash with one more number mixed in.</summary>
    public ulong With(ulong hash, uint number) => Fold(hash ^ _first, number ^ _second);

    private static ulong Fold(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
