using System.Buffers.Binary;
using System.Net;

namespace Kadstone.Libp2p.Core;

/// <summary>Counts connections, and says who may have one more.</summary>
internal sealed class Admission(HostLimits limits)
{
    private readonly Dictionary<UInt128, int> _hosts = [];
    private readonly Dictionary<UInt128, int> _prefixes = [];

    public int Connections { get; private set; }

    public int HalfOpen { get; private set; }

    /// <summary>Whether others in their handshake are all that keeps out a connection that another began.</summary>
    public bool WaitsForHandshakes(IPAddress address) => HalfOpen >= limits.HalfOpen && HasRoom(address);

    /// <summary>Counts a connection that another began; false, and nothing counted, when that is one too many.</summary>
    public bool TryAdmit(IPAddress address)
    {
        if (HalfOpen >= limits.HalfOpen || !HasRoom(address))
        {
            return false;
        }

        (UInt128 host, UInt128 prefix) = Sources(address);

        Connections++;
        HalfOpen++;
        _hosts[host] = _hosts.GetValueOrDefault(host) + 1;
        _prefixes[prefix] = _prefixes.GetValueOrDefault(prefix) + 1;
        return true;
    }

    /// <summary>Counts a connection of ours; false when that is one too many.</summary>
    public bool TryAdmitOwn()
    {
        bool isAdmitted = Connections < limits.Connections;
        Connections += isAdmitted ? 1 : 0;
        return isAdmitted;
    }

    /// <summary>A connection that another began is through its handshake, or about to be closed in it.</summary>
    public void Opened() => HalfOpen--;

    public void EndOwn() => Connections--;

    /// <param name="address">Whose it was.</param>
    /// <param name="wasOpen">Whether it had been through its handshake.</param>
    public void End(IPAddress address, bool wasOpen)
    {
        (UInt128 host, UInt128 prefix) = Sources(address);
        Connections--;
        HalfOpen -= wasOpen ? 0 : 1;
        Uncount(_hosts, host);
        Uncount(_prefixes, prefix);
    }

    private bool HasRoom(IPAddress address)
    {
        (UInt128 host, UInt128 prefix) = Sources(address);
        return Connections < limits.Connections && _hosts.GetValueOrDefault(host) < limits.PerHost && _prefixes.GetValueOrDefault(prefix) < limits.PerPrefix;
    }

    private static void Uncount(Dictionary<UInt128, int> counts, UInt128 source)
    {
        if (--counts[source] == 0)
        {
            counts.Remove(source);
        }
    }

    private static (UInt128 Host, UInt128 Prefix) Sources(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        UInt128 number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        bool isIPv4 = address.IsIPv4MappedToIPv6 || bytes[..10].IndexOfAnyExcept((byte)0) < 0 && bytes[10] == 0xFF;
        return isIPv4 ? (number, number >> 8) : (number >> 64, number >> 80);
    }
}
