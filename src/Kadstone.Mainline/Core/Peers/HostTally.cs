using Kadstone.Datagrams;

namespace Kadstone.Mainline.Core.Peers;

/// <summary>How many peers of the table each host has: a count-min sketch of 512 KB, whatever the number of hosts.</summary>
/// <remarks>Cormode and Muthukrishnan (2005). Two rows; a count is never too low, and too high only for a host that collides with a heavy one in both.</remarks>
internal sealed class HostTally(Random chance)
{
    private const int Width = 1 << 16;

    private readonly SecretHash _first = new(chance);
    private readonly SecretHash _second = new(chance);
    private readonly uint[] _counts = new uint[2 * Width];

    public uint this[in UdpEndpoint peer]
    {
        get
        {
            (int first, int second) = Cells(peer);
            return Math.Min(_counts[first], _counts[second]);
        }
    }

    public void Add(in UdpEndpoint peer)
    {
        (int first, int second) = Cells(peer);
        _counts[first]++;
        _counts[second]++;
    }

    public void Remove(in UdpEndpoint peer)
    {
        (int first, int second) = Cells(peer);
        System.Diagnostics.Debug.Assert(_counts[first] > 0);
        System.Diagnostics.Debug.Assert(_counts[second] > 0);
        _counts[first]--;
        _counts[second]--;
    }

    // One subscriber of IPv6 owns a /64 and all its 2^64 addresses, so the prefix is the host.
    private (int First, int Second) Cells(in UdpEndpoint peer)
    {
        ulong host = peer.IsIPv4 ? peer.Host : peer.Prefix;
        return ((int)(_first.Of(host) % Width), Width + (int)(_second.Of(host) % Width));
    }
}
